"""Tests for write errors: reported on one line, leaving no incomplete file."""

from tests.support import tiny_checkpoint as tiny
from tests.support.disk_full import full_disk
from timesuite_jax.cli.main import main


def test_a_full_disk(tmp_path, capfd):
    weights = tiny.save(tmp_path / "weights.safetensors", tiny.tensors())
    assert main(["port", "import", str(weights), "--out", str(tmp_path / "model")]) == 0
    exports = ["export.safetensors"]
    try:
        import torch  # noqa: F401

        exports.append("export.pth")
    except ImportError:
        pass
    before = set(tmp_path.iterdir())
    capfd.readouterr()
    for name in exports:
        with full_disk(kib=1):
            assert main(["port", "export", str(tmp_path / "model"), "--out", str(tmp_path / name)]) == 2
    with full_disk(kib=1):
        assert main(["port", "import", str(weights), "--out", str(tmp_path / "again")]) == 2
    lines = capfd.readouterr().err.splitlines()
    assert lines == [
        f"timesuite port: cannot write to {tmp_path / name}: file too large; free some space or choose another path"
        for name in (*exports, "again")
    ]
    assert set(tmp_path.iterdir()) == before


def test_file_name_too_long(tmp_path, capsys):
    weights, long = tiny.save(tmp_path / "weights.safetensors", tiny.tensors()), "a" * 300
    assert main(["port", "import", str(weights), "--out", str(tmp_path / "model")]) == 0
    capsys.readouterr()
    assert main(["port", "export", str(tmp_path / "model"), "--out", str(tmp_path / f"{long}.safetensors")]) == 2
    assert main(["port", "import", str(weights), "--out", str(tmp_path / long)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2 and all("file name too long; choose another path" in line for line in lines)
