"""InternVideo2's quickstart with a few videos and two steps of each run: from scratch, then resumed."""

import dataclasses
import json
import shlex
import shutil

import numpy as np
import pytest

from tests.support.one_device import train_on_one_device
from timesuite_jax.apps.quickstart import internvideo2 as app
from timesuite_jax.cli.main import main
from timesuite_jax.embeddings.video import read_features
from timesuite_jax.errors import UserError

CONFIG = app.InternVideo2QuickstartConfig(
    proxy_videos=8, train_videos=8, few_videos=8, test_videos=8, teacher_steps=2, pretrain_steps=2, finetune_steps=2,
    few_steps=2, probe_steps=2, batch_size=8, repeats=1, feature_videos=2,
)  # fmt: skip
pytestmark = pytest.mark.nightly


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A work folder and the outcome of the first run in it."""
    folder = tmp_path_factory.mktemp("quickstart")
    with pytest.MonkeyPatch.context() as monkeypatch:
        train_on_one_device(monkeypatch)
        return folder, app.run(folder, CONFIG, seed=1, quiet=True)


def test_scores_and_files(finished):
    folder, outcome = finished
    assert all(0 <= value <= 1 for row in outcome.scores.values() for value in row.values())
    assert json.loads((folder / "results.json").read_text()) == outcome.as_json()
    assert (folder / "picture.png").read_bytes().startswith(b"\x89PNG")
    features = [read_features(file).features for file in sorted((folder / "features").iterdir())]
    assert len(features) == 2 and all(one.shape == features[0].shape and np.isfinite(one).all() for one in features)


def test_the_next_command_runs(finished, capsys):
    program, *words = shlex.split(finished[1].next_command)
    assert program == "timesuite" and main([*words, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["classes"]) == 3


def test_resumes_after_a_kill_with_the_same_scores(finished, tmp_path, monkeypatch):
    train_on_one_device(monkeypatch)
    folder, outcome = finished
    shutil.copytree(folder, tmp_path / "killed")
    for lost in ("test/dataset_info.json", "results.json", "picture.png", "encoders/student.safetensors"):
        (tmp_path / "killed" / lost).unlink()
    shutil.rmtree(tmp_path / "killed/runs/few_scratch_0")
    again = app.run(tmp_path / "killed", CONFIG, seed=1, quiet=True)
    assert again.scores == outcome.scores


def test_another_config_seed_or_family_is_refused(finished, tmp_path):
    folder, _ = finished
    for config, seed in ((dataclasses.replace(CONFIG, few_steps=4), 1), (CONFIG, 2)):
        with pytest.raises(UserError, match="other options; give another --workdir"):
            app.run(folder, config, seed=seed, quiet=True)
    from timesuite_jax.apps import quickstart

    with pytest.raises(UserError, match="other options; give another --workdir"):
        quickstart.run(folder, quickstart.CONFIG, seed=1, quiet=True)
