"""Every file that cannot be used gives one sentence: which file, what is wrong, what to do."""

import errno
import pickle

import av.error
import pytest

from tests.support import sample_videos
from timesuite_jax.errors import UserError
from timesuite_jax.media import Deadline, SamplingSpec, VideoError, index_video, sample_video

FILM = sample_videos.numbered_film()
BAD = {
    "empty": (b"", r"is empty \(0 bytes\)"),
    "text": (b"404 not found" * 50, r"cannot be opened \(650 bytes, Invalid data"),
    "cut off, index at the end": (sample_videos.cut_off(FILM, index_first=False), "cannot be opened"),
    "cut off, index at the front": (sample_videos.cut_off(FILM, index_first=True), "is cut off: [0-9]+ of 60 frames"),
    "audio only": (sample_videos.audio_only(), r"has no video stream \(streams: audio\)"),
    "one frame": (sample_videos.numbered_film(1), "has a single frame"),
    "no duration": (sample_videos.without_duration(), r"has no extent in time \(10 frames in 0 s\)"),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("as_file", [True, False], ids=["file", "bytes"])
def test_bad_file(case, as_file, tmp_path):
    data, problem = BAD[case]
    path = tmp_path / "film.mp4"
    path.write_bytes(data)
    with pytest.raises(VideoError, match=problem) as caught:
        sample_video(path if as_file else data, SamplingSpec(8), name="film.mp4")
    message = str(caught.value)
    assert message.startswith("video film.mp4 ") and "; " in message and "\n" not in message
    assert isinstance(caught.value, UserError)


def test_missing_file_and_folder(tmp_path):
    for path in (tmp_path / "nowhere.mp4", tmp_path):
        with pytest.raises(VideoError, match="does not exist; check the path"):
            index_video(path)


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise av.error.PermissionError(errno.EACCES, "Permission denied", "film.mp4")

    (tmp_path / "film.mp4").write_bytes(FILM)
    monkeypatch.setattr("timesuite_jax.media.video_index.av.open", refuse)  # who runs tests may be allowed everything
    with pytest.raises(VideoError, match=r"film.mp4 cannot be read \(Permission denied\); check its permissions"):
        index_video(tmp_path / "film.mp4")


def test_deadline():
    with pytest.raises(VideoError, match=r"was not decoded within 0 s; re-encode it"):
        sample_video(FILM, SamplingSpec(8), deadline_s=0)
    Deadline("film", 60).check()


def test_error_crosses_process_borders():
    error = pickle.loads(pickle.dumps(VideoError("a.mp4", "is empty", "download it")))
    assert str(error) == "video a.mp4 is empty; download it" and error.problem == "is empty"


def test_clip_outside_the_video():
    for clip in ((6.0, 7.0), (-1.0, 2.0), (3.0, 3.0)):
        with pytest.raises(VideoError, match=r"has no clip from .* s \(it lasts 5.0 s\)"):
            sample_video(FILM, SamplingSpec(8), clip=clip)
