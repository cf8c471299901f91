"""`--config` instead of a run: the weights that it names give the same answers, and none may be missing."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tests.support import sample_videos
from tests.support.paths import CONFIGS, TINY_CONFIG
from timesuite_jax.cli.main import main
from timesuite_jax.registry import Model

TINY = TINY_CONFIG
MQSA = CONFIGS / "mqsa_ted/beauty.py"
QUESTION = "When is the red circle visible?"


@pytest.fixture(scope="module")
def exported(tiny_run, tmp_path_factory):
    """The run's weights under PyTorch's names."""
    file = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    assert main(["port", "export", str(tiny_run), "--out", str(file)]) == 0
    return file


@pytest.fixture
def video(tmp_path):
    path = tmp_path / "video.mp4"
    path.write_bytes(sample_videos.numbered_video(24, rate=12.0))
    return path


def named(corpus, *files):
    """Arguments for the tiny config with these weights."""
    return ["--config", f"{TINY}:{corpus}", f"--config.weights.files={tuple(map(str, files))}"]


def test_answers_and_scores_equal_those_of_the_run(tiny_run, tiny_corpus, exported, video, capfd):
    expected = {}
    for name, words in (
        ("run", None),
        ("weights", named(tiny_corpus, exported)),
        ("orbax", named(tiny_corpus, tiny_run)),
    ):
        asked = ["ask", str(video), QUESTION, "--json", *(words or ["--workdir", str(tiny_run)])]
        scored = ["evaluate", "--data", str(tiny_corpus), "--limit", "4", "--json"]
        scored += words or ["--workdir", str(tiny_run)]
        expected[name] = []
        for command in (asked, scored) if name != "orbax" else (asked,):
            capfd.readouterr()
            assert main(command) == 0
            expected[name].append(json.loads(capfd.readouterr().out))
    assert expected["weights"] == expected["run"] and expected["orbax"] == expected["run"][:1]


def test_a_model_may_be_sharded_over_the_devices(tiny_run, tiny_corpus, exported, video, capfd, monkeypatch):
    loaded = []
    load = Model.load
    monkeypatch.setattr(Model, "load", lambda model: loaded.append(load(model)) or loaded[-1])
    assert main(["ask", str(video), QUESTION, "--workdir", str(tiny_run)]) == 0
    alone = capfd.readouterr().out
    split = ["--config.training.mesh.data=2", "--config.training.mesh.fsdp=4"]
    assert main(["ask", str(video), QUESTION, *named(tiny_corpus, exported), *split]) == 0
    assert capfd.readouterr().out == alone
    kernel = loaded[-1].params["mistral"]["layers"]["mlp"]["up"]["kernel"]
    assert kernel.sharding.shard_shape(kernel.shape) == (1, 4, 32)


@pytest.mark.parametrize("weight_format", [pytest.param("int8", marks=pytest.mark.nightly), "int4"])
def test_kernels_are_quantized_while_loading(tiny_corpus, exported, video, tmp_path, capfd, weight_format):
    config = tmp_path / "quantised.py"
    config.write_text(TINY.read_text().replace('"mistral": {', f'"mistral": {{"weight_format": "{weight_format}", '))
    words = ["--config", f"{config}:{tiny_corpus}", f"--config.weights.files=('{exported}',)"]
    assert main(["ask", str(video), QUESTION, "--json", "--max-new-tokens", "4", *words]) == 0, capfd.readouterr().err
    assert json.loads(capfd.readouterr().out)["answer"]


def test_missing_weights_are_rejected(tiny_corpus, exported, video, tmp_path, capsys):
    kept = {name: tensor for name, tensor in load_file(exported).items() if "temp_adap" not in name}
    save_file(kept, tmp_path / "less.safetensors")
    words = ["ask", str(video), QUESTION, *named(tiny_corpus, tmp_path / "less.safetensors")]
    assert main(words) == 2
    assert "temp_adap" in capsys.readouterr().err
    # Training may initialise missing parameters, inference may not.
    assert main([*words, "--config.weights.expect_missing=('*temp_adap*',)"]) == 2
    err = capsys.readouterr().err.strip()
    assert "parameters are missing" in err and "inference needs all parameters" in err and "Traceback" not in err


def test_weights_with_nan_are_rejected(tiny_corpus, exported, video, tmp_path, capsys):
    tensors = load_file(exported)
    name = next(name for name in tensors if "clip_proj" in name)
    save_file(tensors | {name: np.full_like(tensors[name], np.nan)}, tmp_path / "nan.safetensors")
    assert main(["ask", str(video), QUESTION, *named(tiny_corpus, tmp_path / "nan.safetensors")]) == 2
    err = capsys.readouterr().err.strip()
    assert "values that are NaN or infinite (1):" in err and "clip_proj" in err and "Traceback" not in err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            [],
            "or --config CONFIG with its weights; `timesuite quickstart` trains a small model",
        ),
        (["--workdir", "RUN", "--config", "TINY"], "not allowed with argument --workdir"),
        (["--config", "TINY", "--step", "2"], "--step 2 names a checkpoint of a run, but --config has none"),
        (
            ["--checkpoint", "RUN", "--config.model.num_frames=2"],
            "--config.model.num_frames=2: the model and the training",
        ),
        (["--workdir", "RUN", "--config.training.seed=2"], "of its config, text, data, evaluation"),
        (["--workdir", "RUN", "--config.data.thread=2"], "did you mean 'threads'?"),
        (["--config", "TINY"], "config.weights.files is empty, but a model needs weights"),
        (["--config", "TINY", "--config.weights.files=('/nowhere.pth',)"], "/nowhere.pth does not exist"),
        (
            ["--config", "TINY", "--config.weights.files=('~/nowhere.pth',)"],
            f"{Path.home()}/nowhere.pth does not exist",
        ),
        (["--config", "TINY", "--config.weights.files=('~no one/x.pth',)"], "~no one/x.pth does not exist"),
        (["--config", "TINY", "--config.weights.files=('',)"], "'' has no path; write PATH or ROLE=PATH"),
        (["--config", "TINY", "--config.weight.files=()"], "did you mean 'weights'?"),
        (["--config", str(MQSA)], "the config is a mqsa_ted model, not one that answers questions about videos"),
    ],
)
def test_invalid_options_are_rejected(tiny_run, tiny_corpus, video, capsys, words, expected):
    places = {"RUN": str(tiny_run), "TINY": f"{TINY}:{tiny_corpus}"}
    try:
        code = main(["ask", str(video), QUESTION, *(places.get(word, word) for word in words)])
    except SystemExit as stopped:  # argparse's own
        code = stopped.code
    assert code == 2
    err = capsys.readouterr().err.strip()
    assert expected in err.splitlines()[-1] and "Traceback" not in err
