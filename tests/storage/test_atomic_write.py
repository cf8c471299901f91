"""Tests for atomic writes."""

from pathlib import Path

import pytest

from timesuite_jax.storage.atomic_write import atomic_write


def test_file_appears_when_complete(tmp_path: Path):
    path = tmp_path / "a.txt"
    with atomic_write(path) as place:
        place.write_text("new")
        assert not path.exists()
    assert [found.name for found in tmp_path.iterdir()] == ["a.txt"] and path.read_text() == "new"


def test_failure_keeps_the_previous_file_and_nothing_else(tmp_path: Path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(KeyError), atomic_write(path) as place:
        place.write_text("half")
        raise KeyError
    assert [found.name for found in tmp_path.iterdir()] == ["a.txt"] and path.read_text() == "old"
    with pytest.raises(FileNotFoundError), atomic_write(tmp_path / "none" / "a.txt") as place:
        place.write_text("")


def test_device_is_written_directly(tmp_path: Path):
    path = tmp_path / "nothing"
    path.symlink_to("/dev/null")
    with atomic_write(path) as place:
        place.write_text("new")
    assert path.is_char_device() and list(tmp_path.iterdir()) == [path]


def test_link_stays_a_link(tmp_path: Path):
    target, link = tmp_path / "a" / "target", tmp_path / "link"
    target.parent.mkdir()
    link.symlink_to(target)
    for text in ("first", "second"):  # the target is created, and then replaced
        with atomic_write(link) as place:
            place.write_text(text)
        assert link.is_symlink() and target.read_text() == text and len(list(target.parent.iterdir())) == 1
