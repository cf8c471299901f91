"""Cuts of encoded videos by exported files have the first and last frame of the span, at any frame rate.

Each file is read by the rules of its format, by a library where there is one, and the video is cut as FFmpeg cuts: by
the times of frames, or for editors' numbers, after conversion to their frame rate by its filter `fps`.
"""

import io
import itertools
import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.support.sample_videos import number_of, numbered_frames
from timesuite_jax.edit_lists import EditList, make_edit_list, read_source, write_edit_list
from timesuite_jax.timing.timecode import parse_timecode

COUNT = 60
SPANS = [(0.0, 0.3), (0.5, 0.52), (0.61, 0.87), (0.9, 99.0)]
# An even rate with dropped frames, as screen recorders write it; and the uneven times of a phone.
DROPPED = np.delete(np.arange(150), np.arange(0, 150, 4)[1:])[:COUNT] * 1001 / 30000
PHONE = np.cumsum(np.random.default_rng(0).choice([0.029, 0.033, 0.0375, 0.061], COUNT))
PHONE -= PHONE[0]


def encoded(times: np.ndarray | Fraction, container: str = "mp4", units: int = 90_000, **tags: str) -> bytes:
    """Numbered frames at these times, or at a constant rate."""
    constant = isinstance(times, Fraction)
    rate = times if constant else Fraction(COUNT, 3)
    base = 1 / rate if constant else Fraction(1, units)
    stamps = range(COUNT) if constant else np.rint(times * units).astype(int).tolist()
    out = io.BytesIO()
    with av.open(out, "w", format=container) as target:
        target.metadata.update(tags)
        stream = target.add_stream("libx264", rate=rate)
        stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p"
        stream.time_base = stream.codec_context.time_base = base
        stream.codec_context.thread_count = 1
        stream.options = {"crf": "10", "preset": "medium"}
        for pixels, stamp in zip(numbered_frames(COUNT), stamps, strict=True):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = stamp, base
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return out.getvalue()


VIDEOS = {
    "23.976": (Fraction(24000, 1001), "mp4"),
    "25": (Fraction(25), "mp4"),
    "29.97": (Fraction(30000, 1001), "mp4"),
    "29.97 in milliseconds": (Fraction(30000, 1001), "matroska"),
    "59.94": (Fraction(60000, 1001), "mov"),
    "12": (Fraction(12), "mp4"),
    "dropped frames": (DROPPED, "mp4"),
    "uneven": (PHONE, "mp4"),
    "uneven in milliseconds": (PHONE, "matroska"),
}


@pytest.fixture(scope="module", params=VIDEOS)
def edits(request, tmp_path_factory) -> EditList:
    times, container = VIDEOS[request.param]
    path = tmp_path_factory.mktemp("videos") / "numbered video.mp4"
    path.write_bytes(encoded(times, container))
    return make_edit_list(read_source(path), SPANS, ["a", "b", "c", "d"], title="numbers")


def decoded(path: str, graph: str = "") -> list[tuple[float, int]]:
    """Time and number of each frame of a video, after a filter."""
    found = []
    with av.open(path) as container:
        stream = container.streams.video[0]
        frames = container.decode(stream)
        if graph:
            frames = filtered(frames, stream, graph)
        for frame in frames:
            found.append((float(frame.pts * frame.time_base), number_of(frame.to_ndarray(format="rgb24"))))
    return found


def filtered(frames, stream, text: str):
    graph = av.filter.Graph()
    source, sink = graph.add_buffer(template=stream), graph.add("buffersink")
    name, _, args = text.partition("=")
    node = graph.add(name, args)
    source.link_to(node)
    node.link_to(sink)
    graph.configure()
    for frame in itertools.chain(frames, [None]):
        graph.push(frame)
        while True:
            try:
                yield graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                break


def ends(numbers: list[int]) -> tuple[int, int]:
    assert numbers == sorted(numbers)
    return numbers[0], numbers[-1]


def expected(edits: EditList) -> list[tuple[int, int]]:
    """First and last frame of each span, from the definition alone: displayed within it."""
    times = np.append(edits.source.times, edits.source.duration)
    found = []
    for start, end in SPANS:
        inside = [n for n in range(COUNT) if times[n] < end - 1e-6 and times[n + 1] > start + 1e-6]
        found.append((inside[0], inside[-1]))
    return found


def milliseconds(text: str) -> list[tuple[float, float]]:
    clocks = re.findall(r"(\d\d):(\d\d):(\d\d)[.,](\d{3})", text)
    seconds = [int(h) * 3600 + int(m) * 60 + int(s) + int(ms) / 1000 for h, m, s, ms in clocks]
    return list(zip(seconds[::2], seconds[1::2], strict=True))


def chapters(text: str) -> list[tuple[float, float]]:
    found = [int(number) / 1000 for number in re.findall(r"(?:START|END)=(\d+)", text)]
    return list(zip(found[::2], found[1::2], strict=True))


@pytest.mark.parametrize(("suffix", "read"), [(".srt", milliseconds), (".vtt", milliseconds), (".ffmeta", chapters)])
def test_cuts_by_time(edits: EditList, tmp_path: Path, suffix: str, read: Callable):
    write_edit_list(edits, tmp_path / f"cuts{suffix}")
    frames = decoded(edits.source.path)
    cuts = read((tmp_path / f"cuts{suffix}").read_text())
    assert [
        ends([n for time, n in frames if start <= time + 1e-6 and time + 1e-6 < end]) for start, end in cuts
    ] == expected(edits)


def test_cuts_by_time_code(edits: EditList, tmp_path: Path):
    write_edit_list(edits, tmp_path / "cuts.edl")
    text = (tmp_path / "cuts.edl").read_text()
    rate = Fraction(float(re.search(r"FRAME RATE: ([\d.]+)", text)[1])).limit_denominator(1)
    if float(re.search(r"FRAME RATE: ([\d.]+)", text)[1]) != rate:
        rate = Fraction(1000 * rate, 1001)
    codes = [re.findall(r"\d\d:\d\d:\d\d[:;]\d\d", line) for line in text.splitlines() if "  C  " in line]
    cuts = [(parse_timecode(first, rate), parse_timecode(end, rate)) for first, end, *_ in codes]
    shown = decoded(edits.source.path, f"fps=fps={rate.numerator}/{rate.denominator}")
    numbers = [n for _, n in shown]
    assert [ends(numbers[first:end]) for first, end in cuts] == expected(edits)
    if "VARIABLE" not in text:
        assert numbers == list(range(COUNT)), "at a constant rate the filter changes nothing"
    records = [(parse_timecode(first, rate), parse_timecode(end, rate)) for *_, first, end in codes]
    assert [b - a for a, b in records] == [b - a for a, b in cuts]
    assert all(one[1] == other[0] for one, other in itertools.pairwise(records))


def test_edl_is_read_by_another_library(edits: EditList, tmp_path: Path):
    otio = pytest.importorskip("opentimelineio")
    pytest.importorskip("otio_cmx3600_adapter")
    write_edit_list(edits, tmp_path / "cuts.edl")
    text = (tmp_path / "cuts.edl").read_text()
    rate = float(re.search(r"FRAME RATE: ([\d.]+)", text)[1])
    if rate not in (23.976, 24, 25, 29.97, 30, 59.9401, 60):
        pytest.skip(f"OpenTimelineIO reads no EDL at {rate:g} frames per second")
    rate = {23.976: 24000 / 1001, 29.97: 30000 / 1001, 59.9401: 60000 / 1001}.get(rate, rate)
    timeline = otio.adapters.read_from_string(text, "cmx_3600", rate=rate)
    clips = list(timeline.find_clips())
    lines = re.findall(r"SOURCE FRAMES: (\d+) TO (\d+)", text)
    assert [clip.name for clip in clips] == ["numbered video.mp4"] * len(SPANS)
    if "VARIABLE" not in text:
        assert [
            (clip.source_range.start_time.value, clip.source_range.end_time_inclusive().value) for clip in clips
        ] == [(int(first), int(last)) for first, last in lines]


def test_cuts_by_opentimelineio(edits: EditList, tmp_path: Path):
    otio = pytest.importorskip("opentimelineio")
    write_edit_list(edits, tmp_path / "cuts.otio")
    timeline = otio.adapters.read_from_file(str(tmp_path / "cuts.otio"))
    clips = list(timeline.find_clips())
    assert [clip.name for clip in clips] == ["a", "b", "c", "d"]
    assert clips[0].media_reference.target_url == Path(edits.source.path).as_uri()
    available = clips[0].media_reference.available_range
    frames = decoded(edits.source.path)
    origin, found = frames[0][0], []
    for clip in clips:
        start, end = clip.source_range.start_time, clip.source_range.end_time_exclusive()
        assert available.start_time <= start < end <= available.end_time_exclusive()
        if start.rate <= 120:  # of a constant rate: frame numbers
            found.append((int(start.value), int(end.value) - 1))
        else:  # units of the container's clock
            shown = [(round((time - origin) * start.rate), n) for time, n in frames]
            found.append(ends([n for value, n in shown if start.value <= value < end.value]))
    assert found == expected(edits)


def test_time_code_of_a_file(tmp_path: Path):
    path = tmp_path / "reel.mov"
    path.write_bytes(encoded(Fraction(30000, 1001), "mov", timecode="01:00:00;00"))
    source = read_source(path)
    assert source.timecode == "01:00:00;00" and source.rate == Fraction(30000, 1001) and not source.sound
    write_edit_list(make_edit_list(source, [(0.0, 1.0)], ["a"], title="t"), tmp_path / "cuts.edl")
    assert "C        01:00:00;00 01:00:01;00 01:00:00;00" in (tmp_path / "cuts.edl").read_text()
