"""A file that was cut off is rejected, whatever its header declares; a whole one is not."""

import pytest

from tests.support import encoded_videos, sample_videos
from timesuite_jax.media import VideoError, index_video

WHOLE = {
    "mp4, index first": lambda: sample_videos.remuxed(sample_videos.numbered_video(40), {"movflags": "faststart"}),
    "mp4, index last": lambda: sample_videos.numbered_video(40),
    "fragmented mp4": lambda: sample_videos.remuxed(
        sample_videos.numbered_video(40, keyframe_every=8), {"movflags": "frag_keyframe+empty_moov"}
    ),
    "mov": lambda: sample_videos.remuxed(sample_videos.numbered_video(40), {"movflags": "faststart"}, "mov"),
    "Matroska": lambda: encoded_videos.encode("libx264", "matroska"),
    "live Matroska": lambda: sample_videos.remuxed(sample_videos.numbered_video(40), {"live": "1"}, "matroska"),
    "WebM": lambda: encoded_videos.encode("libvpx", "webm"),
    "AVI": lambda: encoded_videos.encode("mpeg4", "avi"),
    "WMV": lambda: encoded_videos.encode("wmv2", "asf"),
    "FLV": lambda: encoded_videos.encode("libx264", "flv"),
    "Ogg": lambda: encoded_videos.encode("libvpx", "ogg"),
    "GIF": lambda: encoded_videos.encode("gif", "gif"),
    "IVF": lambda: encoded_videos.encode("libvpx", "ivf"),
    "3GP": lambda: encoded_videos.encode("h263", "3gp"),
}


@pytest.mark.parametrize("case", WHOLE)
def test_cut_files_are_rejected_and_whole_ones_are_not(case, tmp_path):
    data = WHOLE[case]()
    assert len(index_video(data)) == 40
    path = tmp_path / "video"
    for share in (0.3, 0.5, 0.7, 0.9):
        cut = data[: int(share * len(data))]
        path.write_bytes(cut)
        for source in (cut, path):
            with pytest.raises(VideoError, match=r"truncated: \d+ of at least \d+ bytes"):
                index_video(source)


@pytest.mark.parametrize("case", WHOLE)
def test_the_first_bytes_of_a_file_are_rejected(case):
    data = WHOLE[case]()
    for size in (4, 8, 9, 13, 17, 25, 40):
        with pytest.raises(VideoError):
            index_video(data[:size])


def test_frames_trimmed_by_an_edit_list_are_not_missing():
    data = sample_videos.trimmed(sample_videos.numbered_video(40, rate=10, keyframe_every=10), start=1.0, end=3.0)
    index = index_video(data)
    assert len(index) == 20 and index.times[0] == 0 and index.duration == pytest.approx(2.0)


def test_an_avi_without_its_index_is_whole():
    data = encoded_videos.encode("mpeg4", "avi")
    assert len(index_video(data[: data.rindex(b"idx1")])) == 40


def test_held_frames_of_avi_are_not_missing():
    """Chunks without data keep the previous frame on display."""
    held = {4, 5, 6, 20}
    data = encoded_videos.encode_avi_with_held_frames(held)
    index = index_video(data)
    assert index.times.tolist() == pytest.approx([n / 10 for n in range(40) if n not in held])
    assert index.duration == pytest.approx(4.0)


def test_a_file_that_ends_after_its_last_frame_is_whole():
    """Recovered files may declare more data than there are."""
    data = bytearray(sample_videos.remuxed(sample_videos.numbered_video(40), {"movflags": "faststart"}))
    at = data.index(b"mdat") - 4
    data[at : at + 4] = (int.from_bytes(data[at : at + 4]) + 1000).to_bytes(4)
    assert len(index_video(bytes(data))) == 40
