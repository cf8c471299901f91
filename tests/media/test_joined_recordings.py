"""Recordings in one file of which a decoder would show a part only are rejected, and lost frames are noted."""

import io
import itertools
import shutil
import subprocess
import zlib
from fractions import Fraction

import av
import numpy as np
import pytest

from tests.support import encoded_videos
from tests.support.encoded_videos import COUNT, encode
from tests.support.sample_videos import numbered_frames
from timesuite_jax.media import VideoError, decode_frames, index_video, video_notes
from timesuite_jax.media.appended_files import appended_format
from timesuite_jax.media.lost_frames import lost_frames
from timesuite_jax.media.packet_table import PacketTable
from timesuite_jax.media.transport_maps import video_maps

CODECS = {"libx264": "H.264", "libx265": "HEVC", "mpeg2video": "MPEG-2", "mpeg4": "MPEG-4"}
OTHER = {"mpegts_start_pid": "0x140"}


def check_rejected(data: bytes, *words: str) -> None:
    with pytest.raises(VideoError) as caught:
        index_video(data)
    assert caught.value.kind == "joined"
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("first, second", list(itertools.permutations(CODECS, 2)))
def test_recordings_of_different_codecs_are_rejected(first, second):
    """Whichever is longer, and so which of them the demuxer takes for the codec of the stream."""
    for lengths in ((30, 20), (12, 40)):
        parts = [encode(codec, "mpegts", count=count) for codec, count in zip((first, second), lengths, strict=True)]
        check_rejected(b"".join(parts), f"({CODECS[first]}, {CODECS[second]})")


@pytest.mark.parametrize("second", ["libx264", "mpeg2video"])
@pytest.mark.parametrize("muxer", [OTHER, {**OTHER, "mpegts_pmt_start_pid": "0x200"}])
def test_recordings_in_different_streams_are_rejected(second, muxer):
    parts = encode("libx264", "mpegts"), encode(second, "mpegts", muxer=muxer)
    check_rejected(b"".join(parts), "0x100", "0x140")
    check_rejected(parts[1] + parts[0], "0x100", "0x140")


def test_a_join_within_a_packet_and_packets_with_time_codes():
    mpeg2, h264 = encode("mpeg2video", "mpegts"), encode("libx264", "mpegts")
    expected = [{0x100: "MPEG-2"}, {0x100: "H.264"}]
    assert video_maps(mpeg2[:-50] + h264) == video_maps(mpeg2[70:] + h264) == expected
    with_codes = b"".join(bytes(4) + (mpeg2 + h264)[at : at + 188] for at in range(0, len(mpeg2 + h264), 188))
    assert video_maps(with_codes) == expected
    check_rejected(with_codes, "(MPEG-2, H.264)")


def test_tables_that_are_damaged_or_that_are_not_of_transport_streams_are_passed_over():
    mpeg2, h264 = encode("mpeg2video", "mpegts"), bytearray(encode("libx264", "mpegts"))
    for at in range(0, len(h264), 188):
        if h264[at + 1 : at + 3] == b"\x50\x00":  # a map, on PID 0x1000
            h264[at + 25] ^= 0xFF
    assert video_maps(mpeg2 + bytes(h264)) == [{0x100: "MPEG-2"}]
    assert video_maps(b"") == video_maps(bytes(1000)) == video_maps(b"G" * 5) == []


def packets_of(data: bytes) -> list[bytes]:
    return [data[at : at + 188] for at in range(0, len(data), 188)]


def table_of_programs(maps: list[int]) -> bytes:
    """A packet with the table that lists programs 1, 2, ... by the PIDs of their maps."""
    entries = b"".join(bytes([0, number, 0xE0 | pid >> 8, pid & 0xFF]) for number, pid in enumerate(maps, 1))
    section = bytes([0, 0xB0, 9 + len(entries), 0, 1, 0xC1, 0, 0]) + entries
    reversed_bits = bytes(int(f"{byte:08b}"[::-1], 2) for byte in section)
    checksum = int(f"{zlib.crc32(reversed_bits) ^ 0xFFFFFFFF:032b}"[::-1], 2).to_bytes(4)
    return (b"\x47\x40\x00\x10\x00" + section + checksum).ljust(188, b"\xff")


@pytest.mark.parametrize("order", [1, -1])
def test_two_programs_side_by_side_are_no_join(order):
    first = packets_of(encode("libx264", "mpegts", count=24))
    options = {**OTHER, "mpegts_pmt_start_pid": "0x200", "mpegts_service_id": "2"}
    second = packets_of(encode("libx264", "mpegts", count=40, muxer=options))
    both = [packet for pair in itertools.zip_longest(*(first, second)[::order], fillvalue=b"") for packet in pair]
    programs = table_of_programs([0x1000, 0x200])
    data = programs + b"".join(packet for packet in both if packet[1:3] != b"\x40\x00")
    assert video_maps(data) == [{0x100: "H.264", 0x140: "H.264"}]
    assert "unused_track" in {note.kind for note in video_notes(index_video(data))}
    check_rejected(data + encode("mpeg2video", "mpegts"), "joins recordings")


def test_recordings_of_program_streams_and_mp4():
    mpeg2, h264 = encode("mpeg2video", "mpeg"), encode("libx264", "mpeg")
    check_rejected(mpeg2 + h264, "mpeg2video, h264")
    check_rejected(2 * encode("libx264", "mp4"), "several mp4 files")
    fragments = {"movflags": "frag_keyframe+empty_moov"}
    check_rejected(2 * encode("libx264", "mp4", muxer=fragments), "several mp4 files")  # the demuxer discards some
    assert len(index_video(2 * encode("libx264", "ismv"))) == 2 * COUNT


@pytest.mark.parametrize(
    "form, codec", [("flv", "flv1"), ("asf", "wmv2"), ("apng", "apng"), ("ivf", "libvpx"), ("nut", "mpeg4")]
)
def test_files_behind_each_other(form, codec):
    parts = encode(codec, form), encode(codec, form, count=7)
    for part in parts:
        assert appended_format(part) is None
    for first, second in (parts, parts[::-1]):
        check_rejected(first + second, "several", {"apng": "PNG"}.get(form, form.upper()), "ffmpeg -f concat")
    # Other data behind the end, such as tags of the tool that wrote it, is no file.
    assert appended_format(parts[0] + b"TAG" + bytes(125)) is None


def two_streams(late: int) -> bytes:
    """A program stream with two video streams of 40 frames at 25 frames a second, the second `late` frames later."""
    out = io.BytesIO()
    with av.open(out, "w", format="vob") as target:
        streams = [target.add_stream("mpeg2video", rate=25) for _ in range(2)]
        for stream in streams:
            stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p"
            stream.codec_context.time_base = Fraction(1, 25)
        for number, stream in enumerate(streams):
            for at, pixels in enumerate(numbered_frames(COUNT)):
                frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                frame.pts, frame.time_base = at + number * late, Fraction(1, 25)
                target.mux(stream.encode(frame))
            target.mux(stream.encode(None))
    return out.getvalue()


@pytest.mark.parametrize("late", [0, 20, 40, 100])
def test_two_streams_of_one_program_stream_are_no_join(late):
    index = index_video(two_streams(late))
    assert len(index) == COUNT and [note.kind for note in video_notes(index)] == ["unused_track"]


FFMPEG = shutil.which("ffmpeg")


@pytest.mark.skipif(FFMPEG is None, reason="requires ffmpeg")
@pytest.mark.parametrize("target, frames", [("pal-dvd", 50), ("pal-svcd", 50), ("pal-vcd", 50)])
def test_discs_are_no_join(target, frames, tmp_path):
    """With navigation packs, padding and two streams of sound (one on a Video CD); joined by `cat`, they continue."""
    sound = [word for _ in range(1 if target == "pal-vcd" else 2) for word in ("-f", "lavfi", "-i", "sine=d=2")]
    maps = [word for number in range(1 + len(sound) // 4) for word in ("-map", str(number))]
    video = ["-f", "lavfi", "-i", "testsrc2=s=176x144:r=25:d=2"]
    file = tmp_path / "disc.vob"
    command = [str(FFMPEG), "-v", "error", *video, *sound, *maps, "-target", target, str(file)]
    subprocess.run(command, check=True)
    assert len(index_video(file)) == frames and not video_notes(index_video(file))
    (note,) = video_notes(index_video(2 * file.read_bytes()))
    assert note.kind == "clock" and "2 recordings" in note.text


def test_a_stream_that_is_declared_behind_the_start():
    """A recording with sound follows one without: PyAV ends at the first packet of a stream that it does not know."""
    silent = encode("libx264", "mpegts", muxer={"mpegts_start_pid": "0x101", "mpegts_pmt_start_pid": "0x200"})
    data = silent + encoded_videos.encode_with_sound("libx264", "mp2", "mpegts", delay=0)
    index = index_video(data)
    assert len(index) == 2 * COUNT == len(decode_frames(data, index, range(len(index))))


@pytest.mark.parametrize("codec", CODECS)
def test_another_frame_size(codec):
    """Some decoders drop a frame where the size changes, which is noted; all others are decoded."""
    parts = encode(codec, "mpegts"), encode(codec, "mpegts", size=(96, 128))
    index = index_video(b"".join(parts))
    lost = 2 * COUNT - len(index)
    assert lost == (codec in ("mpeg2video", "mpeg4")) == index.order.lost
    assert [note.kind for note in video_notes(index)] == ["clock"] + ["lost_frames"] * lost
    frames = decode_frames(b"".join(parts), index, range(len(index)), resize=lambda *_: (48, 64))
    assert len(frames) == len(index)
    with pytest.raises(VideoError, match="changes its frame size"):
        decode_frames(b"".join(parts), index, [0, len(index) - 1])


def test_a_second_track_is_noted():
    index = index_video(encoded_videos.encode_tracks("matroska", [(8, 48, 0), (5, 32, 0), (1, 96, 0)]))
    (note,) = video_notes(index)
    assert note.kind == "unused_track" and "number 0;" in note.text and "number 1 (mpeg4, 64x32, 5 frames)" in note.text


def packets(count: int) -> PacketTable:
    stamps, flags = np.arange(count), np.ones(count, bool)
    return PacketTable(stamps, stamps, stamps, *(6 * [flags.copy()]), (0, count))


def test_which_packets_without_a_frame_are_counted():
    table = packets(60)

    def found(missing, *, interlaced=(), codec="h264", failed=()):
        return lost_frames(table, np.delete(np.arange(60), missing), list(failed), set(interlaced), codec)

    assert found([30]) == ([], 1)
    assert found([30], interlaced=[29]) == found([30], codec="vp9") == found([30], failed=[30]) == ([], 0)  # a field
    assert found([0, 1, 2]) == found([59]) == ([], 0)
    assert found([30, 31], codec="vp9") == ([], 2)
    assert found(list(range(20, 50))) == (list(range(20, 50)), 0)
