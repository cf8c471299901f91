"""The options, the formats and the Python example of docs/features.md are those of the program."""

import re

import pytest

from tests.support.encoder_files import encoder_options
from tests.support.paths import ROOT
from tests.support.sample_videos import numbered_video
from timesuite_jax import registry
from timesuite_jax.cli.main import main
from timesuite_jax.configs.internvideo2.encoder import get_config

PAGE = (ROOT / "docs/features.md").read_text(encoding="utf-8")


def test_options_exist(capsys):
    with pytest.raises(SystemExit):
        main(["features", "--help"])
    text = capsys.readouterr().out
    options = set(re.findall(r"(?<!-)--[a-z]+(?:-[a-z]+)*", PAGE)) - {"--config"}
    assert options
    for option in options:
        assert option in text


def test_the_examples_run(tmp_path, monkeypatch):
    """With the debug encoder in place of the page's run."""
    options = encoder_options(tmp_path)
    (tmp_path / "kitchen.mp4").write_bytes(numbered_video(36))
    monkeypatch.chdir(tmp_path)
    assert main(["features", "kitchen.mp4", "--out", "features", *options]) == 0
    read, use = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)
    exec(read, {})

    load = registry.load
    changed = get_config("debug")
    changed.weights.files = (str(tmp_path / "encoder.safetensors"),)
    monkeypatch.setattr(registry, "load", lambda run, needs: load(changed, needs))
    names: dict = {}
    exec(use, names)
    assert names["kitchen"].features.shape == (2, 24)
