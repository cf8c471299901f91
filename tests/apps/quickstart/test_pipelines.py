"""The quickstarts with a dozen videos and a few steps: from scratch, repeated, and resumed after a kill."""

import dataclasses
import functools
import io
import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from tests.support.one_device import train_on_one_device
from timesuite_jax import param_tree, port
from timesuite_jax.apps.quickstart import Outcome, Quickstart, internvideo2, print_outcome, run, videochat_t
from timesuite_jax.cli.main import main
from timesuite_jax.embeddings.video import read_features
from timesuite_jax.port import open_layers
from timesuite_jax.registry import Answers, load
from timesuite_jax.registry.ports import PORTS


def _small(quickstart: Quickstart, **sizes: int) -> Quickstart:
    return dataclasses.replace(quickstart, config=dataclasses.replace(quickstart.config, **sizes))


VIDEOCHAT_T = _small(videochat_t.QUICKSTART, videos=12, steps=3, batch_size=8, test_videos=4)
INTERNVIDEO2 = _small(
    internvideo2.QUICKSTART, proxy_videos=8, train_videos=8, few_videos=8, test_videos=8, teacher_steps=2,
    pretrain_steps=2, finetune_steps=2, few_steps=2, probe_steps=2, batch_size=8, repeats=1, feature_videos=2,
)  # fmt: skip
# What is lost in a kill: a corpus without its info file, no results, no complete checkpoint.
LOST = {
    "videochat_t": ("one_object/dataset_info.json", "results.json", "timeline.png", "export/model.safetensors"),
    "internvideo2": ("test/dataset_info.json", "results.json", "picture.png", "encoders/student.safetensors"),
}
COMPARED = (
    "r1_iou_0.5", "constant_r1_iou_0.5", "random_r1_iou_0.5", "foreign_frames_r1_iou_0.5",
    "rescaled_stamps_r1_iou_0.5", "two_objects_r1_iou_0.5", "other_object_r1_iou_0.5",
    "r1_iou_0.3", "r1_iou_0.7", "miou", "parse_failures",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Finished:
    """A quickstart, its work folder, and the outcome of the first run in it."""

    quickstart: Quickstart
    folder: Path
    outcome: Outcome[Any]

    def printed(self, width: int) -> str:
        """What is printed at the end."""
        printed = io.StringIO()
        print_outcome(self.quickstart, self.outcome, Console(file=printed, width=width))
        return printed.getvalue()


@pytest.fixture(
    scope="module",
    params=[VIDEOCHAT_T, pytest.param(INTERNVIDEO2, marks=pytest.mark.nightly)],
    ids=lambda one: one.family,
)
def finished(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("quickstart")
    with pytest.MonkeyPatch.context() as monkeypatch:
        train_on_one_device(monkeypatch)
        return Finished(request.param, folder, run(request.param, folder, seed=1, quiet=True))


only_videochat_t = pytest.mark.parametrize("finished", [VIDEOCHAT_T], indirect=True, ids=["videochat_t"])
_internvideo2 = pytest.param(INTERNVIDEO2, marks=pytest.mark.nightly, id="internvideo2")
only_internvideo2 = pytest.mark.parametrize("finished", [_internvideo2], indirect=True)


def test_results_and_files(finished):
    result = finished.outcome.result
    assert json.loads((finished.folder / "results.json").read_text()) == finished.outcome.as_json()
    assert all(Path(file).exists() for file in result.files.values())
    pictures = [Path(file) for file in result.files.values() if file.endswith(".png")]
    assert pictures and all(file.read_bytes().startswith(b"\x89PNG") for file in pictures)
    assert len(finished.outcome.seconds) == finished.quickstart.steps
    numbers = [value for value in result.metrics().values() if isinstance(value, float)]
    assert len(numbers) > 10 and np.isfinite(numbers).all()


def test_the_next_command_runs(finished, capsys):
    program, *words = shlex.split(finished.outcome.result.next_command)
    assert program == "timesuite" and main(words) == 0
    assert capsys.readouterr().out
    assert all(Path(word).read_bytes().startswith(b"\x89PNG") for word in words if word.endswith(".png"))


def test_the_output_ends_with_paths_and_the_next_command(finished):
    lines = finished.printed(width=60).splitlines()
    result = finished.outcome.result
    assert {f"{name}: {file}" for name, file in result.files.items()} <= set(lines)
    assert lines[-1] == result.next_command


@pytest.mark.nightly
def test_repeating_gives_the_same_and_writes_no_file_again(finished):
    folder = finished.folder
    kept = [*folder.rglob("*.mp4"), *folder.rglob("*.tfrecord"), *folder.rglob("checkpoints/**/*")]
    before = {file: file.stat().st_mtime_ns for file in kept if file.is_file()}
    again = run(finished.quickstart, folder, seed=1, quiet=True)
    assert again.result.metrics() == finished.outcome.result.metrics()
    assert {file: file.stat().st_mtime_ns for file in before} == before


@pytest.mark.nightly
def test_resumes_after_a_kill(finished, tmp_path, monkeypatch):
    train_on_one_device(monkeypatch)
    killed = tmp_path / "killed"
    shutil.copytree(finished.folder, killed)
    for lost in LOST[finished.quickstart.family]:
        (killed / lost).unlink()
    checkpoint = sorted(killed.rglob("checkpoints/*"))[0]
    checkpoint.rename(checkpoint.with_name(f"{checkpoint.name}.orbax-checkpoint-tmp"))
    before, after = finished.outcome.result.metrics(), run(finished.quickstart, killed, seed=1, quiet=True)
    same = functools.partial(json.dumps, sort_keys=True)
    assert same(after.result.metrics()).replace(str(killed), "") == same(before).replace(str(finished.folder), "")
    assert (killed / "results.json").is_file()


@only_videochat_t
def test_metrics_of_grounding(finished):
    metrics = finished.outcome.result.scores.metrics
    assert set(COMPARED) <= metrics.keys() and metrics["n"] == 4 and metrics["two_objects_n"] == 4
    assert list(finished.outcome.seconds) == ["videos", "training", "answering", "drawing", "exporting"]


@only_videochat_t
def test_export_is_what_was_trained(finished):
    model, result = PORTS["videochat_t"], finished.outcome.result
    loaded = port.load(model, open_layers(model, [result.files["export"]])).params
    params = load(finished.folder / "run", Answers).params
    for path, leaf in param_tree.leaves_with_paths(params):
        np.testing.assert_array_equal(dict(param_tree.leaves_with_paths(loaded))[path], leaf)
    assert result.exported["identical"] and result.exported["tensors"] > 50


@pytest.mark.nightly
@only_videochat_t
def test_the_export_is_used_from_the_shell_wherever_it_is(finished, tmp_path, capsys):
    folder = finished.folder
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


@only_videochat_t
def test_held_out_videos_are_not_training_videos(finished):
    videos = {
        name: {file.read_bytes() for file in (finished.folder / name / "videos").iterdir()}
        for name in ("train", "one_object", "two_objects")
    }
    assert [len(videos[name]) for name in videos] == [12, 4, 2]
    assert not videos["train"] & (videos["one_object"] | videos["two_objects"])


@only_videochat_t
def test_table_names_every_comparison(finished):
    out = finished.printed(width=160)
    for label in ("best constant answer", "frames of another video", "rescaled time stamps", "the one in the question"):
        assert label in out


@only_videochat_t
def test_no_value_of_the_table_is_cut_on_a_narrow_terminal(finished):
    out = finished.printed(width=80)
    for name in COMPARED[:7]:
        assert f"{finished.outcome.result.scores.metrics[name]:.3f}" in out
    assert "0.\N{HORIZONTAL ELLIPSIS}" not in out


@only_internvideo2
def test_features_of_held_out_videos(finished):
    features = [read_features(file).features for file in sorted((finished.folder / "features").iterdir())]
    assert len(features) == 2 and all(one.shape == features[0].shape and np.isfinite(one).all() for one in features)
