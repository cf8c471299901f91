"""The quickstart with a dozen videos and three steps: from scratch, repeated, and resumed after a kill."""

import dataclasses
import io
import json
import shlex
import shutil

import numpy as np
import pytest
from rich.console import Console

from tests.support.one_device import train_on_one_device
from timesuite_jax import param_tree, port
from timesuite_jax.apps import quickstart
from timesuite_jax.cli.main import main
from timesuite_jax.errors import UserError
from timesuite_jax.port import open_layers
from timesuite_jax.registry import Answers, load
from timesuite_jax.registry.ports import PORTS

CONFIG = dataclasses.replace(quickstart.CONFIG, videos=12, steps=3, batch_size=8, test_videos=4)
COMPARED = (
    "r1_iou_0.5", "constant_r1_iou_0.5", "random_r1_iou_0.5", "foreign_frames_r1_iou_0.5",
    "rescaled_stamps_r1_iou_0.5", "two_objects_r1_iou_0.5", "other_object_r1_iou_0.5",
    "r1_iou_0.3", "r1_iou_0.7", "miou", "parse_failures",
)  # fmt: skip


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A work folder and the outcome of the first run in it."""
    folder = tmp_path_factory.mktemp("quickstart")
    with pytest.MonkeyPatch.context() as monkeypatch:
        train_on_one_device(monkeypatch)
        return folder, quickstart.run(folder, CONFIG, seed=1, quiet=True)


def test_metrics_and_files(finished):
    folder, outcome = finished
    metrics = outcome.scores.metrics
    assert set(COMPARED) <= metrics.keys() and metrics["n"] == 4 and metrics["two_objects_n"] == 4
    assert all(np.isfinite(value) for value in metrics.values())
    assert json.loads((folder / "results.json").read_text()) == outcome.as_json()
    assert (folder / "timeline.png").read_bytes().startswith(b"\x89PNG")
    assert list(outcome.seconds) == ["videos", "training", "answering", "drawing", "exporting"]


def test_export_is_what_was_trained(finished):
    folder, outcome = finished
    model = PORTS["videochat_t"]
    loaded = port.load(model, open_layers(model, [outcome.files["export"]])).params
    params = load(folder / "run", Answers).params
    for path, leaf in param_tree.leaves_with_paths(params):
        np.testing.assert_array_equal(dict(param_tree.leaves_with_paths(loaded))[path], leaf)
    assert outcome.exported["identical"] and outcome.exported["tensors"] > 50


@pytest.mark.nightly
def test_the_export_is_used_from_the_shell_wherever_it_is(finished, tmp_path, capsys):
    folder, _ = finished
    shutil.copytree(folder / "export", tmp_path / "moved")
    config, video = str(tmp_path / "moved/config.json"), next((folder / "one_object/videos").iterdir())
    answers = []
    for source in (["--config", config], ["--workdir", str(folder / "run")]):
        assert main(["ask", str(video), "When is the red circle visible?", *source, "--json"]) == 0
        answers.append(json.loads(capsys.readouterr().out)["answer"])
        assert main(["evaluate", *source, "--data", str(folder / "one_object"), "--json"]) == 0
        answers.append(json.loads(capsys.readouterr().out))
    assert answers[:2] == answers[2:]
    out = str(tmp_path / "more")
    options = ["--config.training.total_steps=1", "--config.training.optimizer.learning_rate=1e-20"]
    assert main(["train", config, "--workdir", out, *options]) == 0
    exported, tuned = load(folder / "run", Answers).params, load(out, Answers).params
    for (path, before), (_, after) in zip(*map(param_tree.leaves_with_paths, (exported, tuned)), strict=True):
        np.testing.assert_array_equal(before, after, "/".join(path))  # so small a step changes nothing


def test_the_next_command_runs(finished, capsys):
    folder, outcome = finished
    program, *words = shlex.split(outcome.next_command)
    assert program == "timesuite" and outcome.as_json()["next"] == outcome.next_command
    assert main(words) == 0
    assert capsys.readouterr().out and (folder / "answer.png").read_bytes().startswith(b"\x89PNG")


def test_the_output_ends_with_paths_and_the_next_command(finished):
    folder, outcome = finished
    printed = io.StringIO()
    quickstart.print_outcome(outcome, Console(file=printed, width=60))
    lines = printed.getvalue().splitlines()
    assert f"timeline: {folder / 'timeline.png'}" in lines
    assert lines[-1] == outcome.next_command


def test_held_out_videos_are_not_training_videos(finished):
    folder, _ = finished
    videos = {
        name: {file.read_bytes() for file in (folder / name / "videos").iterdir()}
        for name in ("train", "one_object", "two_objects")
    }
    assert [len(videos[name]) for name in videos] == [12, 4, 2]
    assert not videos["train"] & (videos["one_object"] | videos["two_objects"])


def test_repeating_gives_the_same_and_writes_no_file_again(finished):
    folder, outcome = finished
    kept = [*folder.rglob("*.mp4"), *folder.rglob("*.tfrecord"), *(folder / "run/checkpoints").rglob("*")]
    before = {file: file.stat().st_mtime_ns for file in kept if file.is_file()}
    again = quickstart.run(folder, CONFIG, seed=1, quiet=True)
    assert again.scores.metrics == outcome.scores.metrics
    assert {file: file.stat().st_mtime_ns for file in before} == before


def test_resumes_after_a_kill(finished, tmp_path, monkeypatch):
    """After a kill: a corpus without its info file, no results, no complete checkpoint."""
    train_on_one_device(monkeypatch)
    folder, outcome = finished
    shutil.copytree(folder, tmp_path / "killed")
    for lost in ("one_object/dataset_info.json", "results.json", "timeline.png", "export/model.safetensors"):
        (tmp_path / "killed" / lost).unlink()
    (checkpoint,) = (tmp_path / "killed/run/checkpoints").iterdir()
    checkpoint.rename(checkpoint.with_name(f"{checkpoint.name}.orbax-checkpoint-tmp"))
    again = quickstart.run(tmp_path / "killed", CONFIG, seed=1, quiet=True)
    assert again.scores.metrics == outcome.scores.metrics
    assert (tmp_path / "killed/results.json").is_file()


def test_another_config_or_seed_is_refused(finished):
    folder, _ = finished
    for config, seed in ((dataclasses.replace(CONFIG, steps=4), 1), (CONFIG, 2)):
        with pytest.raises(UserError, match="other options; give another --workdir"):
            quickstart.run(folder, config, seed=seed, quiet=True)


def test_a_damaged_config_file_is_refused(tmp_path):
    (tmp_path / "quickstart.json").write_text("{")
    with pytest.raises(UserError, match=r"quickstart\.json is damaged"):
        quickstart.run(tmp_path, CONFIG, seed=0, quiet=True)


def test_table_names_every_comparison(finished, capsys):
    from rich.console import Console

    quickstart.print_outcome(finished[1], Console(width=160))
    out = capsys.readouterr().out
    for label in ("best constant answer", "frames of another video", "rescaled time stamps", "the one in the question"):
        assert label in out


def test_no_value_of_the_table_is_cut_on_a_narrow_terminal(finished, capsys):
    from rich.console import Console

    quickstart.print_outcome(finished[1], Console(width=80))
    out = capsys.readouterr().out
    for name in COMPARED[:7]:
        assert f"{finished[1].scores.metrics[name]:.3f}" in out
    assert "0.\N{HORIZONTAL ELLIPSIS}" not in out
