"""Files cut off in formats without sizes in a header are rejected where their structure shows it, else noted."""

import io
from fractions import Fraction

import av
import numpy as np
import pytest

from tests.support import encoded_videos, sample_videos
from timesuite_jax.media import VideoError, index_video, video_notes


def y4m(space: str, bytes_per_frame: int, count: int = 8) -> bytes:
    """Raw video of 33 x 17 pixels, so that subsampled planes are rounded up."""
    frames = [b"FRAME\n" + bytes([16 + 20 * n]) * bytes_per_frame for n in range(count)]
    return b"YUV4MPEG2 W33 H17 F10:1 Ip A1:1%s\n" % (f" C{space}".encode() if space else b"") + b"".join(frames)


def broadcast(codec: str, container: str, height: int, rate: Fraction, pixel_format: str, count: int = 4) -> bytes:
    """Encodes grey frames at a size and rate of television, which these formats require."""
    out = io.BytesIO()
    with av.open(out, "w", format=container) as target:
        stream = target.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = 720, height, pixel_format
        for level in range(count):
            pixels = np.full((height, 720, 3), 20 * level + 10, np.uint8)
            target.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        target.mux(stream.encode(None))
    return out.getvalue()


def dash() -> bytes:
    flags = "frag_keyframe+empty_moov+dash+global_sidx"
    return sample_videos.remuxed(sample_videos.numbered_video(40, keyframe_every=8), {"movflags": flags})


ENDS_SHOWN = {
    "APNG": lambda: encoded_videos.encode("apng", "apng"),
    "program stream": lambda: encoded_videos.encode("mpeg2video", "mpeg"),
    "MPEG-1 program stream": lambda: encoded_videos.encode("mpeg1video", "mpeg"),
    "DVD": lambda: encoded_videos.encode("mpeg2video", "vob"),
    "MJPEG": lambda: encoded_videos.encode("mjpeg", "mjpeg"),
    "DV of 525 lines": lambda: broadcast("dvvideo", "dv", 480, Fraction(30000, 1001), "yuv411p"),
    "DV of 625 lines": lambda: broadcast("dvvideo", "dv", 576, Fraction(25), "yuv420p"),
    "DVCPRO50": lambda: broadcast("dvvideo", "dv", 576, Fraction(25), "yuv422p"),
    "Y4M 4:2:0": lambda: y4m("420jpeg", 33 * 17 + 2 * 17 * 9),
    "Y4M without a colour space": lambda: y4m("", 33 * 17 + 2 * 17 * 9),
    "Y4M 4:2:2": lambda: y4m("422", 33 * 17 + 2 * 17 * 17),
    "Y4M 4:1:1": lambda: y4m("411", 33 * 17 + 2 * 9 * 17),
    "Y4M 4:4:4": lambda: y4m("444", 33 * 17 * 3),
    "Y4M grey": lambda: y4m("mono", 33 * 17),
    "Y4M of 10 bits": lambda: y4m("420p10", 2 * (33 * 17 + 2 * 17 * 9)),
}


@pytest.mark.parametrize("case", ENDS_SHOWN)
def test_a_file_that_ends_within_a_frame_is_rejected(case, tmp_path):
    data = ENDS_SHOWN[case]()
    whole = index_video(data)
    assert not video_notes(whole)
    path = tmp_path / "video"
    for missing in (1 + len(data) // 200, 1 + len(data) // 3, 1 + len(data) // 2):
        cut = data[: len(data) - missing]
        path.write_bytes(cut)
        for source in (cut, path):
            with pytest.raises(VideoError, match=r"truncated|cannot be opened|single frame"):
                index_video(source)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_mxf_ends_with_the_footer_that_its_header_announces(share):
    data = broadcast("mpeg2video", "mxf", 576, Fraction(25), "yuv420p", count=12)
    assert len(index_video(data)) == 12
    with pytest.raises(VideoError, match="truncated"):
        index_video(data[: int(share * len(data))])


def test_fragmented_mp4_cut_between_fragments_is_rejected():
    data = dash()
    assert len(index_video(data)) == 40
    starts = [at - 4 for at in range(len(data)) if data.startswith(b"moof", at)]
    assert len(starts) >= 5
    for start in starts[1:]:
        with pytest.raises(VideoError, match=rf"truncated: {start} of at least \d+ bytes"):
            index_video(data[:start])


def boxes(data: bytes, kind: bytes) -> list[int]:
    return [at - 4 for at in range(len(data)) if data.startswith(kind, at)]


@pytest.mark.parametrize("flags", ["frag_keyframe+empty_moov", "frag_keyframe+empty_moov+default_base_moof"])
def test_fragmented_mp4_cut_before_the_samples_of_a_fragment_is_rejected(flags):
    """A fragment's header lists its samples, wherever the file ends behind it; not what other fragments there were."""
    data = sample_videos.remuxed(sample_videos.numbered_video(40, keyframe_every=8), {"movflags": flags})
    for start in boxes(data, b"mdat")[1:]:
        for end in (start, start + 4, start + 8):
            with pytest.raises(VideoError, match=rf"truncated: {end} of at least \d+ bytes"):
                index_video(data[:end])
    assert index_video(data).ending == "shown"  # by the index of fragments at its end
    second = index_video(data[: boxes(data, b"moof")[2]])
    assert len(second) == 16 and second.ending == "open"


def test_ogg_cut_between_pages_is_rejected():
    data = encoded_videos.encode("libvpx", "ogg")
    assert index_video(data).ending == "shown"
    pages = [at for at in range(len(data)) if data.startswith(b"OggS", at)]
    assert len(pages) > 5
    for start in pages[4:]:
        with pytest.raises(VideoError, match=r"truncated|cannot be opened|single frame|no frames"):
            index_video(data[:start])


@pytest.mark.parametrize(
    ("codec", "container", "whole", "cut"),
    [
        ("libx264", "mp4", "shown", None),
        ("libx264", "matroska", "shown", None),
        ("mpeg4", "avi", "shown", None),
        ("libx264", "flv", "open", None),
        ("libx264", "mpegts", "open", None),
        ("libx264", "nut", "shown", "open"),
        ("mpeg2video", "mpeg", "open", None),
        ("gif", "gif", "shown", "open"),
        ("libx264", "h264", "open", None),
        ("mjpeg", "mjpeg", "open", None),
    ],
)
def test_formats_show_whether_a_file_is_whole_or_do_not(codec, container, whole, cut, tmp_path):
    """Without its last byte, an end code or an index is no longer there."""
    data = encoded_videos.encode(codec, container)
    path = tmp_path / "video"
    path.write_bytes(data)
    assert index_video(data).ending == index_video(path).ending == whole
    if cut:
        assert index_video(data[:-1]).ending == cut


def test_a_program_stream_with_its_end_code_is_whole():
    assert index_video(encoded_videos.encode("mpeg2video", "mpeg") + b"\x00\x00\x01\xb9").ending == "shown"


def test_apng_cut_between_chunks_is_rejected():
    data = encoded_videos.encode("apng", "apng")
    assert data.endswith(b"IEND\xaeB`\x82")
    with pytest.raises(VideoError, match="truncated"):
        index_video(data[:-12])


@pytest.mark.parametrize(("container", "size"), [("mpegts", 188), ("m2ts", 192)])
def test_transport_streams_that_end_within_a_packet_are_noted(container, size):
    options = {"mpegts_m2ts_mode": "1"} if container == "m2ts" else {}
    data = sample_videos.remuxed(sample_videos.numbered_video(40), options, "mpegts")
    assert len(data) % size == 0 and not video_notes(index_video(data))
    for missing in (1, 5000 // size * size + 77, len(data) // 3 // size * size + size - 1):
        notes = video_notes(index_video(data[: len(data) - missing]))
        ((kind, text),) = notes
        assert kind == "perhaps_truncated" and "ends within a packet" in text


def test_mxf_cut_within_a_key_or_a_length_is_rejected():
    data = broadcast("mpeg2video", "mxf", 576, Fraction(25), "yuv420p", count=12)
    keys = [at for at in range(len(data)) if data.startswith(b"\x06\x0e\x2b\x34", at)]
    for start in (keys[len(keys) // 2], keys[-1]):
        for end in range(start + 1, start + 34):
            with pytest.raises(VideoError, match="truncated"):
                index_video(data[:end])
