"""`timesuite train`: output, resuming, and errors in configs, data and folders."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT, TINY_CONFIG
from timesuite_jax import training
from timesuite_jax.cli.main import main
from timesuite_jax.data.corpora import RecordStream

CONFIG = TINY_CONFIG


def train(corpus, workdir, *words):
    return main(["train", f"{CONFIG}:{corpus}", "--workdir", str(workdir), *words])


def error_of(capsys):
    err = capsys.readouterr().err.strip()
    assert "Traceback" not in err
    return err.splitlines()[-1]


def test_a_finished_run_resumes_and_prints_only_json(tiny_run, tiny_corpus, capfd):
    """The fixture's run is finished, so this only reads it."""
    assert train(tiny_corpus, tiny_run, "--json") == 0
    out = capfd.readouterr().out
    assert json.loads(out) == {"step": 2, "interrupted": False, "data": {}}


def test_json_reports_an_interruption(tiny_corpus, tmp_path, capsys, monkeypatch):
    def stopped_in_an_evaluation(*_, on_stop, **__):
        on_stop(3, {"loss": 2.0}, {})
        raise SystemExit

    monkeypatch.setattr(training, "run", stopped_in_an_evaluation)
    with pytest.raises(SystemExit):
        train(tiny_corpus, tmp_path, "--json")
    assert json.loads(capsys.readouterr().out) == {"step": 3, "interrupted": True, "loss": 2.0, "data": {}}


def test_the_folder_is_printed(tiny_run, tiny_corpus, capfd):
    assert train(tiny_corpus, tiny_run) == 0
    captured = capfd.readouterr()
    assert captured.out == f"step 2 of 2, saved in {tiny_run}\n"
    assert "resumed at step 2" in captured.err


def test_dropped_and_truncated_samples_are_printed(tiny_run, tiny_corpus, capfd, monkeypatch):
    report = {
        "used": 15,
        "dropped": 1,
        "cuts": {"turns": 2, "time_text_dropped": 9},
        "reasons": {"videos/3": "is empty"},
    }
    monkeypatch.setattr(RecordStream, "report", lambda stream: {"videos": report})
    assert train(tiny_corpus, tiny_run) == 0
    assert capfd.readouterr().out.splitlines()[:3] == [
        "videos: 1 sample dropped, 15 used, for example:",
        "  videos/3 is empty",
        "videos: of 15 samples used, these were truncated to fit: time_text_dropped 9, turns 2",
    ]


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("--config.model.qformer.widht=8", "did you mean 'width'?"),
        ("--config.training.totl_steps=8", "total_steps"),
        ("--config.training.total_steps=many", "many"),
        ("--config.model.num_frames=6", "makes 3 clips, but tape=True needs an even number"),
        ("--config.data.corpora=('/nowhere',)", "/nowhere holds no corpus"),
    ],
)
def test_invalid_overrides_are_rejected(tiny_corpus, tmp_path, capsys, word, message):
    assert train(tiny_corpus, tmp_path / "run", word) == 2
    assert message in error_of(capsys) and not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def get_config(arg=None):\n    return 3\n", "returns int; return an ml_collections.ConfigDict"),
        ("def get_config(arg=None:\n", "config.py' fails: "),
        ("import absent_module\n", "fails: No module named 'absent_module' (line 1); correct the file"),
        ("from ml_collections import ConfigDict\n\ndef get_config(arg=None):\n    c = ConfigDict({'model': {}})\n"
         "    c.modle.width = 3\n    return c\n", "(line 5); correct the file"),
        ("from ml_collections import ConfigDict\n\ndef get_config(arg=None):\n"
         "    return ConfigDict({'task': 'videochat_t'})\n", "has no config.training"),
    ],
)  # fmt: skip
def test_invalid_configs_are_rejected(text, message, tmp_path, capsys):
    file = tmp_path / "config.py"
    file.write_text(text)
    assert main(["train", str(file), "--workdir", str(tmp_path / "run")]) == 2
    assert message in error_of(capsys)


def test_a_folder_with_another_model_is_rejected(tiny_run, tiny_corpus, capsys):
    assert train(tiny_corpus, tiny_run, "--config.model.mistral.mlp=48") == 2
    assert "does not fit this config; use the config it was trained with or another folder" in capsys.readouterr().err


def test_a_read_only_folder_is_rejected(tiny_corpus, tmp_path, capsys):
    file = tmp_path / "file"
    file.write_text("x")
    for folder in (file, file / "below", Path("/proc/run")):
        assert train(tiny_corpus, folder) == 2
        assert "another work folder" in error_of(capsys)


def test_a_full_disk_is_reported(tiny_corpus, tmp_path):
    """A limit on the size of files simulates a full disk: every write beyond it fails."""
    code = (
        "import signal, sys\n"
        "from tests.support.disk_full import limit_files\n"
        "from timesuite_jax.cli.main import main\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "limit_files(600)\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    words = ["train", f"{CONFIG}:{tiny_corpus}", "--workdir", str(tmp_path / "run")]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=500, cwd=ROOT)
    assert done.returncode == 2, done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("timesuite train: cannot write to ") and "another work folder" in last, done.stderr
    assert "Traceback" not in done.stderr
