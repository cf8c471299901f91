"""An mp4 whose index or fragments were cut off is rejected, or nothing shows that it is whole."""

import struct

import pytest

from tests.support import encoded_videos, sample_videos
from timesuite_jax.media import VideoError, index_video

WITH_SOUND = [("libx264", "aac", "mp4"), ("mpeg4", "pcm_s16le", "mov"), ("mpeg4", "aac", "3gp")]
FRAGMENTS = "frag_keyframe+empty_moov+skip_trailer"


def starts(data: bytes, kind: bytes) -> list[int]:
    return [at - 4 for at in range(len(data)) if data.startswith(kind, at)]


def fragmented(flags: str) -> bytes:
    return sample_videos.remuxed(sample_videos.numbered_video(40, keyframe_every=8), {"movflags": flags})


def with_box(data: bytes, kind: bytes, size: int = 16) -> bytes:
    """Inserts a box before the first fragment."""
    at = starts(data, b"moof")[0]
    return data[:at] + struct.pack(">I4s", size, kind) + bytes(range(1, size - 7)) + data[at:]


def check_cuts_of_the_index(data: bytes, step: int) -> None:
    assert len(index_video(data)) == 40
    moov = data.rindex(b"moov") - 4
    for end in range(moov, len(data), step):
        with pytest.raises(VideoError, match=rf"truncated: {end} of at least \d+ bytes") as caught:
            index_video(data[:end])
        assert caught.value.kind == "truncated"


@pytest.mark.parametrize(("codec", "sound", "container"), WITH_SOUND)
def test_mp4_with_sound_cut_within_its_index_is_rejected(codec, sound, container):
    check_cuts_of_the_index(encoded_videos.encode_with_sound(codec, sound, container, delay=0), step=83)


def test_mp4_without_sound_cut_within_its_index_is_rejected():
    check_cuts_of_the_index(sample_videos.numbered_video(40), step=29)


@pytest.mark.nightly
@pytest.mark.parametrize(("codec", "sound", "container"), WITH_SOUND)
def test_mp4_cut_at_any_byte_of_its_index_is_rejected(codec, sound, container):
    check_cuts_of_the_index(encoded_videos.encode_with_sound(codec, sound, container, delay=0), step=1)
    check_cuts_of_the_index(encoded_videos.encode(codec, container), step=1)


def test_frames_listed_beyond_the_end_are_missing_whatever_the_size_of_their_box():
    """A size of 0 means that the box goes on to the end of the file, wherever that is."""
    data = bytearray(sample_videos.remuxed(sample_videos.numbered_video(40), {"movflags": "faststart"}))
    at = data.index(b"mdat") - 4
    data[at : at + 4] = bytes(4)
    assert len(index_video(bytes(data))) == 40
    with pytest.raises(VideoError, match=rf"truncated: {len(data) - 9} of at least {len(data)} bytes"):
        index_video(bytes(data[:-9]))


@pytest.mark.parametrize("flags", ["dash+frag_keyframe+empty_moov", "frag_keyframe"])
def test_nothing_shows_that_an_mp4_cut_between_segments_is_whole(flags):
    """Neither an index for each segment, nor a header that lists the frames of the first."""
    data = fragmented(flags)
    assert index_video(data).ending == "shown"  # by the index of fragments at its end
    ends = starts(data, b"sidx" if "dash" in flags else b"moof")
    ends = ends[1:] if "dash" in flags else ends
    assert len(ends) >= 4
    for end in ends:
        cut = index_video(data[:end])
        assert 8 <= len(cut) < 40 and cut.ending == "open"
    with pytest.raises(VideoError, match="truncated"):
        index_video(data[: ends[-1] - 1])


def test_one_index_of_all_segments_shows_the_end():
    assert index_video(fragmented("dash+global_sidx+skip_trailer+frag_keyframe+empty_moov")).ending == "shown"
    assert index_video(fragmented(FRAGMENTS + "+dash")).ending == "open"


@pytest.mark.parametrize("kind", [b"ssix", b"abcd"])
def test_other_boxes_do_not_hide_a_cut(kind):
    data = with_box(fragmented(FRAGMENTS + "+cmaf"), kind)
    assert index_video(data).ending == "open"
    for end in (starts(data, b"moof")[2] + 50, starts(data, b"mdat")[1] + 50, len(data) - 1):
        with pytest.raises(VideoError, match=rf"truncated: {end} of at least \d+ bytes"):
            index_video(data[:end])


def test_nothing_shows_the_end_of_an_mp4_behind_bytes_that_are_no_box():
    data = with_box(fragmented("cmaf+frag_keyframe+empty_moov"), b"\x01\x02\x03\x04")
    assert index_video(data).ending == "open"
