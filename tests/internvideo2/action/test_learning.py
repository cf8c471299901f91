"""The small configs learn the order of frames from a synthetic corpus, and say so on videos they have not seen."""

import json

import pytest

from tests.support.paths import CONFIGS
from timesuite_jax.cli.main import main

CHANCE = 0.25


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["finetune_1b", "probe_attentive", "probe_linear"])
def test_a_small_run_beats_chance(name, tmp_path, capsys):
    train, held_out = tmp_path / "train", tmp_path / "val"
    for folder, videos, seed in ((train, 96, 0), (held_out, 40, 1)):
        words = ["data", "synthetic", "--actions", "--out", str(folder), "--videos", str(videos), "--seed", str(seed)]
        assert main(words) == 0
    run = str(tmp_path / "run")
    corpora = [f"--config.data.corpora=('{train}',)", f"--config.evaluation.corpora=('{held_out}',)"]
    assert main(["train", f"{CONFIGS}/internvideo2/{name}.py:debug", *corpora, "--workdir", run]) == 0
    capsys.readouterr()
    assert main(["evaluate", "--workdir", run, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["n"] == 40 and report["intervals_95"]["top1"][0] > CHANCE and report["top1"] > 2 * CHANCE
