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


@pytest.mark.parametrize("written", ["./{}", "x/../{}", "../{root.name}/{}", "{root}/{}", "{root}/./x/../{}", ".//{}"])
@pytest.mark.parametrize("path", ["a.mp4", "x/f.mp4"])
def test_a_file_has_one_name_however_it_is_written(folder, tmp_path, written, path):
    assert folder.find(written.format(path, root=tmp_path)) == path


def test_names_without_suffix_are_normalized_too(folder):
    assert folder.find("./a") == folder.find("x/../a") == "a.mp4" and folder.find("./x/f") == "x/f.mp4"


def test_a_folder_by_a_link(tmp_path, folder):
    (tmp_path / "link").symlink_to(tmp_path / "x")
    linked = VideoFolder(tmp_path / "link")
    assert linked.find(f"{tmp_path}/x/f.mp4") == linked.find(f"{tmp_path}/link/f.mp4") == "f.mp4"
    assert linked.find("../a.mp4") == "../a.mp4"  # of the folder that the link leads to


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


NFC, NFD = "caf\u00e9", "cafe\u0301"  # one name, with a composed letter and as macOS writes it


@pytest.mark.parametrize(("written", "stored"), [(NFC, NFD), (NFD, NFC)])
@pytest.mark.parametrize("suffix", ["", ".mp4", ".mov"])
def test_composed_and_decomposed_letters_are_one_name(tmp_path, written, stored, suffix):
    (tmp_path / f"{stored}.mp4").touch()
    assert VideoFolder(tmp_path).find(written + suffix) == f"{stored}.mp4"


def test_two_files_of_one_name(tmp_path):
    for name in (NFC, NFD):
        (tmp_path / f"{name}.mp4").touch()
    folder = VideoFolder(tmp_path)
    assert folder.find(f"{NFC}.mp4") == f"{NFC}.mp4"  # as it is written
    with pytest.raises(VideoError, match="could be"):
        folder.find(NFC)


def test_ids_with_the_prefix_of_another_release(tmp_path):
    """QVHighlights' own files have no `v_`, which TimeChat's annotation file of them adds; ActivityNet's have it."""
    for name in ("NUsG9BgSes0_210.0_360.0.mp4", "day/v_uqiMw7tQ1Cc.mkv", "v_both.mp4", "both.mp4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    folder = VideoFolder(tmp_path)
    assert folder.find("v_NUsG9BgSes0_210.0_360.0.mp4") == "NUsG9BgSes0_210.0_360.0.mp4"
    assert folder.find("uqiMw7tQ1Cc") == "day/v_uqiMw7tQ1Cc.mkv"
    assert folder.find("day/uqiMw7tQ1Cc.mp4") == "day/v_uqiMw7tQ1Cc.mkv"
    assert (folder.find("v_both"), folder.find("both.mp4")) == ("v_both.mp4", "both.mp4")
    assert folder.find("v_absent.mp4") is None


@pytest.mark.parametrize("name", ["d", "y/f.mp4", "", "a\0"])
def test_absent(folder, name):
    assert folder.find(name) is None
