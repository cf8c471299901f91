"""A file is there whole or not at all."""

from pathlib import Path

import pytest

from timesuite_jax.storage.atomic_write import atomic_write


def test_a_file_appears_when_it_is_complete(tmp_path: Path):
    path = tmp_path / "a.txt"
    with atomic_write(path) as place:
        place.write_text("new")
        assert not path.exists()
    assert [found.name for found in tmp_path.iterdir()] == ["a.txt"] and path.read_text() == "new"


def test_what_fails_leaves_the_one_before_and_nothing_else(tmp_path: Path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(KeyError), atomic_write(path) as place:
        place.write_text("half")
        raise KeyError
    assert [found.name for found in tmp_path.iterdir()] == ["a.txt"] and path.read_text() == "old"
    with pytest.raises(FileNotFoundError), atomic_write(tmp_path / "none" / "a.txt") as place:
        place.write_text("")


def test_what_is_no_file_is_written_to_and_stays(tmp_path: Path):
    path = tmp_path / "nothing"
    path.symlink_to("/dev/null")
    with atomic_write(path) as place:
        place.write_text("new")
    assert path.is_char_device() and list(tmp_path.iterdir()) == [path]


def test_a_link_stays_one(tmp_path: Path):
    target, link = tmp_path / "a" / "target", tmp_path / "link"
    target.parent.mkdir()
    link.symlink_to(target)
    for text in ("first", "second"):  # made where the link points to, and replaced there
        with atomic_write(link) as place:
            place.write_text(text)
        assert link.is_symlink() and target.read_text() == text and len(list(target.parent.iterdir())) == 1
