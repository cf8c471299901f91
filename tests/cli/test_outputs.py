"""Outputs of commands: no input is replaced, and no output by another."""

import pytest

from timesuite_jax.cli._outputs import check_outputs
from timesuite_jax.errors import UserError


def test_inputs_are_not_replaced(tmp_path):
    file, link, hard = tmp_path / "a.mp4", tmp_path / "link.png", tmp_path / "hard.png"
    file.write_bytes(b"video")
    link.symlink_to(file)
    hard.hardlink_to(file)
    for name in (file, tmp_path / ".." / tmp_path.name / "a.mp4", link, hard):
        with pytest.raises(UserError, match="which it would replace; choose another file"):
            check_outputs(name, inputs=[None, file])
    check_outputs(tmp_path / "b.png", None, inputs=[file])


def test_outputs_are_different_files(tmp_path):
    with pytest.raises(UserError, match="are the same file; give two files"):
        check_outputs(tmp_path / "a.srt", None, tmp_path / "b.srt", f"{tmp_path}/./a.srt")
    with pytest.raises(UserError, match="are the same file"):
        check_outputs("gs://bucket/a.srt", "gs://bucket/a.srt")
    check_outputs("gs://bucket/a.srt", "gs://bucket/b.srt", tmp_path / "a.srt")
