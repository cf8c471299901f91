"""Videos that cannot be used raise a one-sentence error: the file, the problem, the remedy."""

import errno
import pickle

import av.error
import pytest

from tests.support import sample_videos
from timesuite_jax.errors import UserError
from timesuite_jax.media import Deadline, SamplingSpec, VideoError, index_video, sample_video

VIDEO = sample_videos.numbered_video()
BAD = {
    "empty": (b"", r"empty \(0 bytes\)"),
    "text": (b"404 not found" * 50, r"cannot be opened \(650 bytes, Invalid data"),
    "truncated, index at the end": (
        sample_videos.truncated(VIDEO, index_first=False),
        r"truncated: \d+ of at least \d+ bytes",
    ),
    "truncated, index at the front": (
        sample_videos.truncated(VIDEO, index_first=True),
        r"truncated: \d+ of at least \d+ bytes",
    ),
    "audio only": (sample_videos.audio_only(), r"no video stream \(streams: audio\)"),
    "one frame": (sample_videos.numbered_video(1), "single frame"),
    "no duration": (sample_videos.without_duration(), r"zero duration \(10 frames"),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("as_file", [True, False], ids=["file", "bytes"])
def test_unusable_videos_raise_one_sentence(case, as_file, tmp_path):
    data, problem = BAD[case]
    path = tmp_path / "clip.mp4"
    path.write_bytes(data)
    with pytest.raises(VideoError, match=problem) as caught:
        sample_video(path if as_file else data, SamplingSpec(8), name="clip.mp4")
    message = str(caught.value)
    assert message.startswith("video clip.mp4 ") and "; " in message and "\n" not in message
    assert isinstance(caught.value, UserError)


def test_missing_files_and_folders_are_rejected(tmp_path):
    with pytest.raises(VideoError, match=r"does not exist.*path"):
        index_video(tmp_path / "nowhere.mp4")
    with pytest.raises(VideoError, match=r"is a folder.*path of a file"):
        index_video(tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        "10:30.mp4",
        "http:clip.mp4",
        "file:a.mp4",
        "concat:a|b.mp4",
        "%03d.mp4",
        "a?*[1].mp4",
        "-a.mp4",
        "two\nlines.mp4",
    ],
)
def test_file_names_are_no_protocols_or_patterns(name, tmp_path, monkeypatch):
    (tmp_path / name).write_bytes(VIDEO)
    monkeypatch.chdir(tmp_path)
    for path in (name, tmp_path / name, str(tmp_path / name)):
        assert len(sample_video(path, SamplingSpec(4)).frames) == 4


def test_playlists_do_not_open_other_files(tmp_path):
    (tmp_path / "other.mp4").write_bytes(VIDEO)
    playlist = tmp_path / "list.mp4"
    for text in (
        "#EXTM3U\n#EXTINF:5,\nother.mp4\n#EXT-X-ENDLIST\n",
        f"ffconcat version 1.0\nfile {tmp_path}/other.mp4\n",
    ):
        playlist.write_text(text)
        with pytest.raises(VideoError, match=r"list\.mp4 (is a playlist or script|cannot be opened)"):
            index_video(playlist)


def test_file_without_read_permission(tmp_path, monkeypatch):
    def deny(*_, **__):
        raise av.error.PermissionError(errno.EACCES, "Permission denied", "clip.mp4")

    (tmp_path / "clip.mp4").write_bytes(VIDEO)
    monkeypatch.setattr("timesuite_jax.media.video_file.av.open", deny)  # root ignores file permissions
    with pytest.raises(VideoError, match=r"clip\.mp4.*Permission denied.*check its permissions"):
        index_video(tmp_path / "clip.mp4")


def test_deadline_limits_decoding():
    with pytest.raises(VideoError, match=r"within 0 s.*re-encode"):
        sample_video(VIDEO, SamplingSpec(8), deadline_s=0)
    Deadline("video", 60).check()


def test_errors_can_be_pickled():
    error = pickle.loads(pickle.dumps(VideoError("a.mp4", "is empty", "download it")))
    assert str(error) == "video a.mp4 is empty; download it" and error.problem == "is empty"


def test_clips_outside_the_video_are_rejected():
    for clip in ((6.0, 7.0), (-1.0, 2.0), (3.0, 3.0)):
        with pytest.raises(VideoError, match=r"no clip from .*5\.0 s"):
            sample_video(VIDEO, SamplingSpec(8), clip=clip)
