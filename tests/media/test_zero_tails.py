"""A file whose end was allocated but never written is rejected; zeros that belong to a file, or follow it, are not."""

import io
from fractions import Fraction

import av
import numpy as np
import pytest

from tests.support import encoded_videos, sample_videos
from timesuite_jax.media import VideoError, index_video


def remuxed(container: str, **options: str) -> bytes:
    return sample_videos.remuxed(sample_videos.numbered_video(40, keyframe_every=8), options, container)


def with_sound(codec: str, sound: str, container: str) -> bytes:
    return encoded_videos.encode_with_sound(codec, sound, container, delay=0)


def black(container: str, count: int = 8) -> bytes:
    """Encodes black frames of uncompressed grey pixels: all zeros."""
    out = io.BytesIO()
    with av.open(out, "w", format=container) as target:
        stream = target.add_stream("rawvideo", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "gray"
        stream.codec_context.time_base = Fraction(1, 10)
        for _ in range(count):
            target.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((48, 64), np.uint8), format="gray")))
        target.mux(stream.encode(None))
    return out.getvalue()


VIDEOS = {
    "mp4, index last": lambda: sample_videos.numbered_video(40),
    "mp4, index first": lambda: remuxed("mp4", movflags="faststart"),
    "mp4 with sound": lambda: with_sound("libx264", "aac", "mp4"),
    "fragmented mp4": lambda: remuxed("mp4", movflags="frag_keyframe+empty_moov"),
    "fragmented mp4 of VP9": lambda: sample_videos.remuxed(
        encoded_videos.encode("libvpx-vp9", "mp4"), {"movflags": "frag_keyframe+empty_moov"}
    ),
    "DASH": lambda: remuxed("mp4", movflags="dash+frag_keyframe+empty_moov"),
    "mov with sound": lambda: with_sound("mpeg4", "pcm_s16le", "mov"),
    "WebM of VP8": lambda: encoded_videos.encode("libvpx", "webm"),
    "WebM of VP9": lambda: encoded_videos.encode("libvpx-vp9", "webm"),
    "Matroska": lambda: encoded_videos.encode("libx264", "matroska"),
    "Matroska with sound": lambda: with_sound("libx264", "aac", "matroska"),
    "Matroska, index first": lambda: remuxed("matroska", cues_to_front="1"),
    "live Matroska": lambda: remuxed("matroska", live="1"),
    "AVI": lambda: encoded_videos.encode("mpeg4", "avi"),
    "AVI with sound": lambda: with_sound("mpeg4", "pcm_s16le", "avi"),
    "WMV": lambda: encoded_videos.encode("wmv2", "asf"),
    "FLV": lambda: encoded_videos.encode("libx264", "flv"),
    "FLV with sound": lambda: with_sound("libx264", "aac", "flv"),
    "Ogg": lambda: encoded_videos.encode("libvpx", "ogg"),
    "GIF": lambda: encoded_videos.encode("gif", "gif"),
    "APNG": lambda: encoded_videos.encode("apng", "apng"),
    "IVF": lambda: encoded_videos.encode("libvpx", "ivf"),
    "MJPEG": lambda: encoded_videos.encode("mjpeg", "mjpeg"),
    "program stream": lambda: encoded_videos.encode("mpeg2video", "mpeg"),
    "transport stream": lambda: encoded_videos.encode("libx264", "mpegts"),
    "M2TS": lambda: remuxed("mpegts", mpegts_m2ts_mode="1"),
    "H.264": lambda: encoded_videos.encode("libx264", "h264"),
    "Y4M": lambda: encoded_videos.encode("rawvideo", "yuv4mpegpipe"),
}


def zeroed(data: bytes, share: float) -> bytes:
    start = int(share * len(data))
    return data[:start] + bytes(len(data) - start)


@pytest.mark.parametrize("case", VIDEOS)
def test_files_that_end_in_zeros_are_truncated(case, tmp_path):
    data = VIDEOS[case]()
    assert len(index_video(data)) == 40
    path = tmp_path / "video"
    for share in (0.3, 0.4, 0.5):
        path.write_bytes(zeroed(data, share))
        for source in (path.read_bytes(), path):
            with pytest.raises(VideoError, match=r"truncated: (the|its) last .* zeros|truncated: .* bytes are present"):
                index_video(source)


PADDED = ["mp4, index last", "mp4, index first", "Matroska", "AVI", "WMV", "Ogg", "APNG", "GIF"]


@pytest.mark.parametrize("case", PADDED)
def test_zeros_behind_a_whole_file_are_padding(case):
    assert len(index_video(VIDEOS[case]() + bytes(4096))) == 40


def test_a_program_stream_with_its_end_code_may_be_padded():
    data = VIDEOS["program stream"]() + b"\x00\x00\x01\xb9"
    assert len(index_video(data + bytes(2048))) == 40


@pytest.mark.parametrize("container", ["avi", "matroska", "nut", "mov"])
def test_zeros_of_black_frames_are_not_missing(container):
    assert len(index_video(black(container))) == 8


@pytest.mark.parametrize("container", ["matroska", "mov", "avi"])
def test_zeros_of_silence_are_not_missing(container):
    assert len(index_video(with_sound("mpeg4", "pcm_s16le", container))) == 40
    live = sample_videos.remuxed(with_sound("mpeg4", "pcm_s16le", "matroska"), {"live": "1"}, "matroska")
    assert len(index_video(live)) == 40


@pytest.mark.parametrize("zeros", [4, 9, 30, 100])
def test_zeros_in_the_tables_of_an_mp4_are_missing_entries(zeros):
    """Without the names at its end, the header ends with the places of the frames."""
    data = with_sound("libx264", "aac", "mp4")
    names, end = data.rindex(b"udta") - 4, len(data)
    data = data[: names + 4] + b"free" + data[names + 8 :]
    assert len(index_video(data[: names + 8] + bytes(end - names - 8))) == 40
    with pytest.raises(VideoError, match="truncated"):
        index_video(data[: names - zeros] + bytes(end - names + zeros))
    moov = data.rindex(b"moov") - 4
    shorter = data[:moov] + (names - moov).to_bytes(4) + data[moov + 4 : names]
    assert len(index_video(shorter)) == 40
    with pytest.raises(VideoError, match="truncated"):
        index_video(shorter[:-zeros] + bytes(zeros))


def box(kind: bytes, *contents: bytes) -> bytes:
    content = b"".join(contents)
    return (8 + len(content)).to_bytes(4) + kind + content


def with_track_of_text(data: bytes, last: str) -> bytes:
    """Appends a track without samples to the header at the end of an mp4; its last table is the given one."""
    tables = {name: box(name.encode(), bytes(12 if name == "stsz" else 8)) for name in ("stts", "stsc", "stsz", "stco")}
    entry = box(b"text", bytes(6), b"\0\1", bytes(43))
    described = box(b"stsd", bytes(4), (1).to_bytes(4), entry)
    stbl = box(b"stbl", described, *(tables[name] for name in sorted(tables, key=lambda name: name == last)))
    media = box(
        b"mdia",
        box(b"mdhd", bytes(12), (1000).to_bytes(4), bytes(8)),
        box(b"hdlr", bytes(8), b"text", bytes(13)),
        box(b"minf", box(b"nmhd", bytes(4)), stbl),
    )
    return in_header(data, box(b"trak", box(b"tkhd", bytes(12), (9).to_bytes(4), bytes(68)), media))


def in_header(data: bytes, appended: bytes) -> bytes:
    moov = data.rindex(b"moov") - 4
    return data[:moov] + (len(data) - moov + len(appended)).to_bytes(4) + data[moov + 4 :] + appended


@pytest.mark.parametrize("container", ["mp4", "mov"])
@pytest.mark.parametrize("last", ["stts", "stsc", "stsz", "stco"])
def test_empty_tables_are_not_missing(container, last):
    data = with_track_of_text(remuxed(container), last)
    assert data.endswith(last.encode() + bytes(12 if last == "stsz" else 8))
    assert len(index_video(data)) == 40


def test_a_few_zeros_at_the_end_of_a_header_are_padding():
    assert len(index_video(in_header(remuxed("mov"), bytes(8)))) == 40


def test_a_few_zeros_behind_fragments_without_an_index_are_padding():
    data = remuxed("mp4", movflags="frag_keyframe+empty_moov+skip_trailer")
    for zeros in (8, 15):
        assert len(index_video(data + bytes(zeros))) == 40
    with pytest.raises(VideoError, match="truncated: the last 16 of"):
        index_video(data + bytes(16))
