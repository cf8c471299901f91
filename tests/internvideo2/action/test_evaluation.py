"""Scores of a classifier on videos: views are averaged, batches change nothing, unusable records are counted."""

import dataclasses
import json
from pathlib import Path

import jax
import numpy as np
import pytest

from tests.support.action_config import small_config
from tests.support.records import record
from timesuite_jax import evaluation
from timesuite_jax.cli.main import main
from timesuite_jax.data.corpora import CorpusWriter, Mixture, Record, corpus_shares
from timesuite_jax.data.synthetic.actions import DIRECTIONS
from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.action.benchmark import ActionRecognition, ClassPrediction
from timesuite_jax.internvideo2.action.classifier import view_probabilities
from timesuite_jax.internvideo2.action.classify import classify
from timesuite_jax.internvideo2.action.task import ActionTask
from timesuite_jax.media import VideoError


def first_record(corpus: Path) -> Record:
    return Mixture(corpus_shares([str(corpus)])).read(0)


@pytest.fixture(scope="module")
def task(action_corpus) -> ActionTask:
    return ActionTask.from_config(small_config(action_corpus))


@pytest.fixture(scope="module")
def params(task):
    params = jax.jit(task.init)(jax.random.key(0))
    params["head"]["kernel"] = params["head"]["kernel"] * 30.0  # probabilities that differ between views
    return params


def test_batches_and_threads_do_not_change_the_scores(task, params, action_corpus):
    """Twelve videos, in batches with and without padding."""
    results = [
        evaluation.run_benchmark(
            ActionRecognition([str(action_corpus)]), task.classifier(params), batch_size=size, threads=threads
        )
        for size, threads in ((5, 0), (12, 3))
    ]
    one, other = ([dataclasses.asdict(made) for made in result.predictions.values()] for result in results)
    for first, second in zip(one, other, strict=True):
        assert (first["id"], first["label"], first["top"]) == (second["id"], second["label"], second["top"])
        np.testing.assert_allclose(first["probabilities"], second["probabilities"], rtol=1e-5)
    assert results[0].metrics() == results[1].metrics()
    assert results[0].metrics()["n"] == 12 and results[0].metrics()["dropped"] == 0
    assert [made["label"] for made in one] == [0, 1, 2, 3] * 3


def test_probabilities_are_averaged_over_views(task, params):
    frames = np.random.default_rng(0).integers(0, 256, (2, 3, 4, 28, 28, 3), np.uint8)
    together = view_probabilities(task.model, params, frames)
    apart = [view_probabilities(task.model, params, frames[:, [view]]) for view in range(3)]
    np.testing.assert_allclose(together, np.mean(apart, axis=0), rtol=1e-5)
    assert np.ptp(apart, axis=0).max() > 1e-3
    np.testing.assert_allclose(np.sum(together, axis=1), 1.0, rtol=1e-5)


def test_scores_count_the_first_and_the_first_five():
    benchmark = ActionRecognition.__new__(ActionRecognition)
    made = [ClassPrediction(str(n), label, [4, 1, 2, 3, 0], [0.2] * 5) for n, label in enumerate((4, 0, 9, 4))]
    scores = benchmark.score(made)
    assert scores.metrics() == {"top1": 0.5, "top5": 0.75}
    assert set(scores.intervals()) == {"top1", "top5"} and scores.group_count == 4


def test_unusable_records_are_dropped_and_counted(task, params, action_corpus, tmp_path):
    good = first_record(action_corpus)
    records = [
        good,
        dataclasses.replace(good, id="c/outside", label=9),
        dataclasses.replace(good, id="c/none", label=None),
        record(3, video=b"no video", turns=(), spans=(), clip=None, label=0),
    ]
    CorpusWriter(tmp_path / "c", "c", classes=tuple(DIRECTIONS)).write([records])
    result = evaluation.run_benchmark(ActionRecognition([str(tmp_path / "c")]), task.classifier(params), batch_size=2)
    assert result.metrics()["n"] == 1 and result.metrics()["dropped"] == 3
    reasons = [dropped.reason for dropped in result.dropped]
    assert "has the label 9, and there are 4 classes" in reasons[0]
    assert "c/none has no label, which a classifier needs" in reasons[1]


def test_a_corpus_of_other_classes_is_an_error(action_corpus, tmp_path):
    good = first_record(action_corpus)
    CorpusWriter(tmp_path / "c", "c", classes=("runs", *list(DIRECTIONS)[1:])).write([[good]])
    config = small_config(action_corpus)
    config["evaluation"]["corpora"] = (str(tmp_path / "c"),)
    with pytest.raises(UserError, match=r"classes of the corpus differ .*number 0 is 'runs' instead of 'moves right'"):
        ActionTask.from_config(config)
    config = small_config(action_corpus)
    config["model"]["num_classes"] = 7
    with pytest.raises(UserError, match="num_classes=7, but the corpora have the names of 4 classes"):
        ActionTask.from_config(config)
    config["data"]["corpora"] = config["evaluation"]["corpora"] = (str(tmp_path / "absent"),)
    config["model"]["num_classes"] = 0
    with pytest.raises(UserError, match="the number of classes is unknown"):
        ActionTask.from_config(config)


def test_unusable_files_are_yielded_in_their_place(task, params, action_corpus, tmp_path):
    """In batches of which one has no video at all, and before later batches are read."""
    good, bad, locked = (tmp_path / name for name in ("good.mp4", "bad.mp4", "locked.mp4"))
    good.write_bytes(first_record(action_corpus).video or b"")
    bad.write_bytes(b"no video")
    videos = [good, bad, bad, locked, good]
    found = classify(task.classifier(params, labelled=False), videos, (), top=2, batch_size=2)
    first = next(found)
    locked.mkdir()  # cannot be read
    made = [first, *found]
    assert [isinstance(one, VideoError) for one in made] == [False, True, True, True, False]
    assert made[0] == made[4] and len(made[0].classes) == 2 and made[0].video == str(good)
    assert str(bad) in str(made[1]) and "locked.mp4 cannot be read" in str(made[3])


def test_more_clips_than_the_sampling_has_is_an_error_of_the_config(action_corpus):
    config = small_config(action_corpus)
    config["evaluation"]["views"]["clips"] = 4
    with pytest.raises(UserError, match=r"'middle' has 1 clip .*not views.clips=4; set evaluation.views.clips=1"):
        ActionTask.from_config(config)
    config["evaluation"]["views"]["clips"] = 1
    ActionTask.from_config(config)
    config["evaluation"]["views"]["clips"] = 4
    config["data"].update(sampling="sparse", cache_decoded=False)
    ActionTask.from_config(config)


def test_the_commands(action_corpus, tmp_path, capsys):
    """From a run of two steps, which keeps the names of the classes."""
    config, run = tmp_path / "config.json", tmp_path / "run"
    small = small_config(action_corpus)
    small["training"].update(total_steps=2, save_every=2)
    config.write_text(json.dumps(small))
    assert main(["train", str(config), "--workdir", str(run), "--json"]) == 0
    metrics = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {"actions/top1", "actions/top5", "loss", "accuracy"} <= set(metrics)
    assert json.loads((run / "config.json").read_text())["classes"] == list(DIRECTIONS)
    predictions = tmp_path / "predictions.jsonl"
    words = ["evaluate", "--workdir", str(run), "--limit", "6", "--predictions", str(predictions), "--json"]
    assert main(words) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["n"] == 6 and report["top5"] == 1.0 and set(report["intervals_95"]) == {"top1", "top5"}
    lines = [json.loads(line) for line in predictions.read_text().splitlines()]
    assert len(lines) == 6 and set(lines[0]) == {"id", "label", "top", "probabilities"}
    video = tmp_path / "one.mp4"
    video.write_bytes(first_record(action_corpus).video or b"")
    assert main(["classify", str(video), str(video), "--workdir", str(run), "--top", "3", "--json"]) == 0
    made = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert made[0] == made[1] and made[0]["video"] == str(video)
    assert [one["name"] for one in made[0]["classes"]] == [list(DIRECTIONS)[number] for number in lines[0]["top"][:3]]
    several = [str(tmp_path / "config.json"), str(video)]  # the first one is no video
    assert main(["classify", *several, "--workdir", str(run), "--top", "3", "--json"]) == 1
    printed = capsys.readouterr()
    assert [json.loads(line) for line in printed.out.splitlines()] == made[:1]
    assert "Traceback" not in printed.err and f"timesuite classify: video {config} " in printed.err
    assert main(["classify", str(tmp_path / "absent.mp4"), "--workdir", str(run)]) == 2
    assert main(["evaluate", "--workdir", str(run), "--benchmark", "grounding"]) != 0
    assert "--benchmark grounding is not supported" in capsys.readouterr().err
