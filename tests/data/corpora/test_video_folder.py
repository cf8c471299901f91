"""Which file a video of the annotations is."""

import pytest

from timesuite_jax.data.corpora.video_folder import VideoFolder
from timesuite_jax.media import VideoError


@pytest.fixture
def folder(tmp_path):
    for name in (
        "a.mp4",
        "b_1.0_2.0.webm",
        "c.mp4",
        "c.MKV",
        "d.txt",
        "x/e.mp4",
        "y/e.mov",
        "x/f.mp4",
        "x/g.avi",
        "g.mp4",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    return VideoFolder(tmp_path)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a.mp4", "a.mp4"),
        ("a", "a.mp4"),
        ("a.mov", "a.mp4"),
        ("b_1.0_2.0", "b_1.0_2.0.webm"),
        ("c.MKV", "c.MKV"),
        ("d.txt", "d.txt"),
        ("f", "x/f.mp4"),
        ("f.avi", "x/f.mp4"),
        ("x/f.mov", "x/f.mp4"),
        ("y/e", "y/e.mov"),
        ("g", "g.mp4"),
    ],
)
def test_found(folder, name, path):
    assert folder.find(name) == path


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("c", r"could be c\.MKV, c\.mp4 in .*keep one of them, or give its path"),
        ("e", r"could be x/e\.mp4, y/e\.mov in"),
    ],
)
def test_several(folder, name, problem):
    with pytest.raises(VideoError, match=problem):
        folder.find(name)


@pytest.mark.parametrize("name", ["d", "y/f.mp4", "", "a\0"])
def test_absent(folder, name):
    assert folder.find(name) is None
