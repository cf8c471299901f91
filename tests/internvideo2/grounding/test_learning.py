"""The head learns synthetic features and real videos: it finds the events of new videos, by their queries only.

The checkpoint is the best one by a validation set; the scores are those of a test set that is used once.
"""

import dataclasses
import json
import math

import pytest

from tests.support.coloured_videos import make_coloured_videos
from tests.support.encoder_files import encoder_options
from tests.support.grounding_set import CLIP, ROWS, make_set
from tests.support.one_device import train_on_one_device
from tests.support.paths import CONFIGS
from timesuite_jax import training
from timesuite_jax.cli._configs import load_config
from timesuite_jax.cli.main import main
from timesuite_jax.evaluation.job import EvaluationRequest
from timesuite_jax.internvideo2.grounding.moment_query import read_moment_queries
from timesuite_jax.internvideo2.grounding.scores import moment_scores
from timesuite_jax.registry import Evaluates, build, load

pytestmark = pytest.mark.nightly
CONFIG = CONFIGS / "internvideo2/grounding.py"
QUERIES = 48  # of a test set
CHANCE = 1 / 3  # whatever finds events but ignores the query
ABOVE_CHANCE = CHANCE + 3 * math.sqrt(CHANCE * (1 - CHANCE) / QUERIES)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A trained run, `run`, and its data."""
    folder = tmp_path_factory.mktemp("grounding")
    make_set(folder, "train", 96, seed=1)
    make_set(folder, "val", 16, seed=2)
    make_set(folder, "test", 16, seed=3)
    words = [f"--config.data.{key}={folder}/{name}" for key, name in
             (("train", "train.jsonl"), ("evaluation", "val.jsonl"), ("features", "features"))]  # fmt: skip
    config = load_config(f"{CONFIG}:debug", [*words, "--config.data.max_rows=16"])
    config.training.update(total_steps=500, log_every=250, eval_every=50, save_every=50, best="validation/map")
    with pytest.MonkeyPatch.context() as patch:
        train_on_one_device(patch)
        task = build(config)
        task.check_inputs(new=True)
        spec = training.TrainingSpec.from_config(config.training)
        metrics = training.run(task, spec, folder / "run", config=config.to_dict()).metrics
    assert {f"validation/{name}" for name in task.evaluations()["validation"].metric_names} < set(metrics)
    return folder


@pytest.fixture(scope="module")
def model(folder):
    """The trained model, on a mesh of all devices."""
    return load(folder / "run", Evaluates, step="best", data=[f"{folder}/test.jsonl"])


def test_it_finds_the_events_of_new_videos(model, folder):
    job = model.task.evaluation_job(EvaluationRequest())
    scores = model.run(job.run, lambda queries: None).metrics
    assert scores["n"] == QUERIES
    for name in ("r1_iou_0.5", "HL-min-Fair-Hit1", "HL-min-VeryGood-Hit1"):
        assert scores[name] > ABOVE_CHANCE, name


def test_other_queries_find_other_events(model, folder):
    """Scored as answers to the queries of other events of the same videos, whose windows are elsewhere."""
    queries = read_moment_queries(folder / "test.jsonl")
    asked = [
        dataclasses.replace(query, query=queries[number - number % 3 + (number + 1) % 3].query)
        for number, query in enumerate(queries)
    ]
    assert moment_scores(model.run(model.task.predict, asked)).metrics()["r1_iou_0.5"] < CHANCE


def test_from_videos_to_a_submission(tmp_path, capsys, monkeypatch):
    """`timesuite features`, `train` and `evaluate`, with the features of an encoder that is not trained."""
    for name, count, seed in (("train", 96, 1), ("val", 16, 2), ("test", 16, 3)):
        make_coloured_videos(tmp_path, name, count, seed=seed)
    features = ["--window", "2", "--stride", "2", "--layer", "-1", "--batch-size", "64"]
    command = ["features", f"{tmp_path}/videos", "--out", f"{tmp_path}/features", *features]
    assert main([*command, *encoder_options(tmp_path)]) == 0, capsys.readouterr().err
    words = [f"--config.data.{key}={tmp_path}/{name}" for key, name in
             (("train", "train.jsonl"), ("evaluation", "val.jsonl"), ("features", "features"))]  # fmt: skip
    words += ["--config.model.video_width=32", "--config.data.max_rows=16", "--config.training.total_steps=500"]
    words += ["--config.training.eval_every=50", "--config.training.save_every=50"]
    run, submission = f"{tmp_path}/run", tmp_path / "submission.jsonl"
    train_on_one_device(monkeypatch)
    assert main(["train", f"{CONFIG}:debug", "--workdir", run, *words]) == 0
    capsys.readouterr()
    command = ["evaluate", "--workdir", run, "--step", "best", "--data", f"{tmp_path}/test.jsonl", "--json"]
    assert main([*command, "--predictions", str(submission)]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert scores["n"] == QUERIES and scores["r1_iou_0.5"] > ABOVE_CHANCE
    assert scores["HL-min-VeryGood-Hit1"] > ABOVE_CHANCE
    check_submission(submission, tmp_path / "test.jsonl")


def check_submission(path, queries):
    """The form that QVHighlights' own evaluation reads."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    asked = read_moment_queries(queries)
    assert [(line["qid"], line["query"], line["vid"]) for line in lines] == [
        (query.qid, query.query, query.vid) for query in asked
    ]
    for line in lines:
        assert len(line["pred_saliency_scores"]) == ROWS and len(line["pred_relevant_windows"]) == 4
        assert all(0 <= start < end <= ROWS * CLIP for start, end, _ in line["pred_relevant_windows"])
        likely = [window[2] for window in line["pred_relevant_windows"]]
        assert likely == sorted(likely, reverse=True) and 0 <= likely[-1] < likely[0] <= 1
