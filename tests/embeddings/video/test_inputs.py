import pytest
from etils import epath

from timesuite_jax.embeddings.video.inputs import plan_extractions
from timesuite_jax.errors import UserError


@pytest.fixture
def folder(tmp_path):
    for name in ("videos/a.mp4", "videos/day 1/b.MKV", "videos/notes.md", "c.d.webm"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    return epath.Path(tmp_path)


def outputs(paths, folder):
    out = epath.Path("/out")
    return [
        (one.video.relative_to(folder).as_posix(), one.output.as_posix()) for one in plan_extractions(paths, out, "npz")
    ]


def test_videos_and_folders(folder):
    assert outputs([folder / "videos", folder / "c.d.webm"], folder) == [
        ("videos/a.mp4", "/out/a.npz"),
        ("videos/day 1/b.MKV", "/out/day 1/b.npz"),
        ("c.d.webm", "/out/c.d.npz"),
    ]


def test_a_video_that_is_named_twice_is_extracted_once(folder):
    assert len(outputs([folder / "videos", folder / "videos/a.mp4"], folder)) == 2


def test_a_list(folder):
    (folder / "list.txt").write_text(f"videos/a.mp4\n\n{folder}/c.d.webm\n")
    assert outputs([folder / "list.txt"], folder) == [
        ("videos/a.mp4", "/out/videos/a.npz"),
        ("c.d.webm", "/out/c.d.npz"),
    ]


def test_files_of_a_list_stay_within_the_folder(folder):
    (folder / "lists").mkdir()
    (folder / "lists/list.txt").write_text("../c.d.webm\n")
    (extraction,) = plan_extractions([folder / "lists/list.txt"], epath.Path("/out"), "npz")
    assert extraction.output.as_posix() == "/out/c.d.npz"


def test_a_line_without_a_video(folder):
    (folder / "list.txt").write_text("videos/a.mp4\nmissing.mp4\n")
    with pytest.raises(UserError, match=r"line 2: there is no .*missing\.mp4"):
        outputs([folder / "list.txt"], folder)


def test_a_list_with_a_byte_order_mark(folder):
    (folder / "list.txt").write_bytes("videos/a.mp4\r\nvidéo.mp4\r\n".encode("utf-8-sig"))
    (folder / "vidéo.mp4").write_bytes(b"x")
    assert outputs([folder / "list.txt"], folder) == [
        ("videos/a.mp4", "/out/videos/a.npz"),
        ("vidéo.mp4", "/out/vidéo.npz"),
    ]


@pytest.mark.parametrize(("encoding", "place"), [("latin-1", 3), ("utf-16", 0)])
def test_a_list_that_is_not_utf_8(folder, encoding, place):
    (folder / "vidéo.mp4").write_bytes(b"x")
    (folder / "list.txt").write_bytes("vidéo.mp4\n".encode(encoding))
    with pytest.raises(UserError, match=rf"list.txt is not text in UTF-8 \(byte 0x\w+ at {place}\); save a list of"):
        outputs([folder / "list.txt"], folder)
    (folder / "list.txt").write_bytes("vidéo.mp4\n".encode())
    assert outputs([folder / "list.txt"], folder) == [("vidéo.mp4", "/out/vidéo.npz")]


@pytest.mark.parametrize("line", ["videos", "videos/", ".", "videos/day 1"])
def test_a_folder_in_a_list(folder, line):
    (folder / "list.txt").write_text(f"c.d.webm\n{line}\n")
    with pytest.raises(UserError, match=r"list.txt, line 2: .* is a folder; list its videos, or give the folder"):
        outputs([folder / "list.txt"], folder)
    assert outputs([folder / line, folder / "c.d.webm"], folder)  # the remedy


@pytest.mark.parametrize("name", ["a\0b.mp4", "a" * 300 + ".mp4"])
def test_names_that_no_file_can_have(folder, name):
    (folder / "list.txt").write_text(name)
    with pytest.raises(UserError, match=r"line 1: there is no"):
        outputs([folder / "list.txt"], folder)


def test_two_videos_with_one_output(folder):
    (folder / "videos/a.mkv").write_bytes(b"x")
    with pytest.raises(UserError, match=r"a\.mkv and .*a\.mp4 would be written to one file"):
        outputs([folder / "videos"], folder)


def test_nothing_there(folder):
    (folder / "empty").mkdir()
    with pytest.raises(UserError, match="no videos"):
        outputs([folder / "empty"], folder)
    with pytest.raises(UserError, match="there is no"):
        outputs([folder / "absent.mp4"], folder)
