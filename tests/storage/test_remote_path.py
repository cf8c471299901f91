"""Paths in a bucket keep their URL; other URLs are rejected, names with colons are not."""

import importlib.util
from pathlib import Path

import pytest
from etils import epath

from timesuite_jax.checkpoints import workdir_lock
from timesuite_jax.checkpoints.manager import Checkpoints
from timesuite_jax.errors import UserError
from timesuite_jax.storage.remote_path import is_remote, local_path, to_path


@pytest.fixture(autouse=True)
def with_gcsfs(monkeypatch: pytest.MonkeyPatch):
    """As if gcsfs were installed: nothing here reads a bucket."""
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: name == "gcsfs" or find(name, *rest))


class FirstWrite(Exception):
    """Raised with the work folder when it is first written to."""


@pytest.mark.parametrize(("given", "used"), [("gs://bucket/run", "gs://bucket/run"), ("run", f"{Path.cwd()}/run")])
def test_absolute_workdir(given: str, used: str, monkeypatch: pytest.MonkeyPatch):
    def stop(workdir: epath.Path) -> None:
        raise FirstWrite(str(workdir))

    monkeypatch.setattr(workdir_lock, "_check_writable", stop)
    with pytest.raises(FirstWrite) as caught:
        Checkpoints(given)
    assert str(caught.value) == used
    assert is_remote(given) == given.startswith("gs://")


@pytest.mark.parametrize(
    "text", ["gs://bucket/a/b.txt", "a/b.txt", "/a/b", "a:b", "a:b/c", "12:30:00.mp4", "gs", "./x"]
)
def test_paths_keep_their_text(text: str):
    path = to_path(text)
    assert str(path) == text.removeprefix("./") and to_path(path) == path
    assert str(path / "c") == f"{path}/c"


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("gs:/bucket/x", "write gs://bucket/x"),
        ("GS://bucket/x", "write gs://bucket/x"),
        ("gs://", "names no bucket; write gs://BUCKET/PATH"),
        ("gs:///", "names no bucket"),
        ("s3://bucket/x", "not s3://; copy it"),
        ("https://host/x.mp4", "not https://"),
        ("file:///x", "not file:///"),
    ],
)
def test_other_urls_are_rejected(text: str, remedy: str):
    with pytest.raises(UserError, match=remedy):
        to_path(text)


def test_a_folder_whose_name_looks_like_a_url_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gs:/bucket").mkdir(parents=True)
    assert to_path("gs:/bucket").is_dir()


def test_what_must_be_on_a_disk_names_the_copy_command():
    assert str(local_path("a/b")) == "a/b"
    with pytest.raises(UserError, match=r"the checkpoint must be on a disk; .*`gcloud storage cp -r gs://b/x \.`"):
        local_path("gs://b/x/", "the checkpoint")


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'timesuite_jax\[gcs\]'"):
        to_path("gs://bucket/x")
