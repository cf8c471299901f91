"""Tests for messages about write errors."""

import re

import pytest

from timesuite_jax.errors import UserError
from timesuite_jax.storage.write_errors import cause_of, explain_write_errors


def test_write_errors_are_explained_and_others_unchanged(tmp_path):
    expected = f"cannot write to {tmp_path}: read-only file system; make it writable or choose another path"
    with pytest.raises(UserError, match=re.escape(expected)), explain_write_errors(tmp_path):
        raise ValueError("FAILED: Read-only file system [os_error_code='30']")
    (tmp_path / "file").write_text("")
    expected = r"not a directory \(.*inner\); move it or choose another path"
    with pytest.raises(UserError, match=expected), explain_write_errors(tmp_path):
        (tmp_path / "file/inner").mkdir()
    expected = f"cannot write to {tmp_path}/absent/new: no such file or directory; choose another folder"
    with pytest.raises(UserError, match=expected), explain_write_errors(tmp_path / "absent/new", "folder"):
        (tmp_path / "absent/new").mkdir()
    with pytest.raises(FileNotFoundError), explain_write_errors(tmp_path):  # of a file that is read
        (tmp_path / "absent").read_text()
    with pytest.raises(ValueError, match="ours"), explain_write_errors(tmp_path):
        raise ValueError("ours")


def test_a_cause_is_named_without_a_number():
    assert cause_of(FileNotFoundError(2, "No such file or directory", "x")) == "No such file or directory"
    assert cause_of(FileNotFoundError("https://host/upload/storage/v1/b/absent/o?name=x")) == "no such bucket"
    assert cause_of(OSError("Forbidden: gs://bucket/x")) == "Forbidden: gs://bucket/x"
    assert cause_of(PermissionError()) == "PermissionError"
