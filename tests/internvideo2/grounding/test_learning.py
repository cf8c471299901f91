"""The head learns a synthetic set: it finds the events of new videos, and by their queries only."""

import dataclasses
import json

import pytest

from tests.support.grounding_set import make_set, write_rows
from tests.support.one_device import train_on_one_device
from tests.support.paths import CONFIGS
from timesuite_jax import training
from timesuite_jax.cli._configs import load_config
from timesuite_jax.cli.main import main
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.job import EvaluationRequest
from timesuite_jax.internvideo2.grounding.moment_query import read_moment_queries
from timesuite_jax.internvideo2.grounding.scores import moment_scores
from timesuite_jax.registry import Evaluates, build, load

CONFIG = CONFIGS / "internvideo2/grounding.py"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A trained run, `run`, and its data."""
    folder = tmp_path_factory.mktemp("grounding")
    make_set(folder, "train", 96, seed=1)
    rows = make_set(folder, "val", 16, seed=2)
    keep = ("qid", "query", "vid", "duration")
    write_rows(folder / "bare.jsonl", [{key: row[key] for key in keep} for row in rows])
    words = [f"--config.data.{key}={folder}/{name}" for key, name in
             (("train", "train.jsonl"), ("evaluation", "val.jsonl"), ("features", "features"))]  # fmt: skip
    config = load_config(f"{CONFIG}:debug", [*words, "--config.data.max_rows=16"])
    config.training.update(total_steps=400, log_every=200, eval_every=0, save_every=1000)
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
    return load(folder / "run", Evaluates)


def run_job(model, data="val.jsonl", **request):
    folder = str(model.config["data"]["features"]).removesuffix("/features")
    config = type(model.task).replace_data(model.config, [f"{folder}/{data}"])
    job = type(model.task).from_config(config).evaluation_job(EvaluationRequest(**request))
    return model.run(job.run, lambda queries: None)


def test_it_finds_the_events_of_new_videos(model, folder):
    report = run_job(model, predictions=folder / "submission.jsonl")
    scores = report.metrics
    # Whatever finds events but ignores the query is right in one of three; of 48 queries this is 3 sigma more.
    assert scores["r1_iou_0.5"] > 0.54 and scores["n"] == 48
    assert scores["HL-min-Fair-Hit1"] > 0.54 and scores["HL-min-VeryGood-Hit1"] > 0.54
    for write in report.write_files:
        write()
    report.show()
    lines = [json.loads(line) for line in (folder / "submission.jsonl").read_text().splitlines()]
    assert [line["qid"] for line in lines] == [query.qid for query in read_moment_queries(folder / "val.jsonl")]
    for line in lines:
        assert len(line["pred_saliency_scores"]) == 16 and len(line["pred_relevant_windows"]) == 4
        assert all(0 <= start < end <= 32 for start, end, _ in line["pred_relevant_windows"])
        likely = [window[2] for window in line["pred_relevant_windows"]]
        assert likely == sorted(likely, reverse=True) and 0 <= likely[-1] < likely[0] <= 1


def test_other_queries_find_other_events(model, folder):
    """Scored as answers to the queries of other events of the same videos, whose windows are elsewhere."""
    queries = read_moment_queries(folder / "val.jsonl")
    asked = [
        dataclasses.replace(query, query=queries[number - number % 3 + (number + 1) % 3].query)
        for number, query in enumerate(queries)
    ]
    control = moment_scores(model.run(model.task.predict, asked)).metrics()
    assert control["r1_iou_0.5"] < 1 / 3 < 0.54 < run_job(model).metrics["r1_iou_0.5"]


def test_the_batch_does_not_change_predictions(model, folder):
    queries = read_moment_queries(folder / "val.jsonl")
    found, alone = (model.run(model.task.predict, part) for part in (queries[:7], queries[6:7]))
    assert found[6].windows == alone[0].windows and found[6].saliency == alone[0].saliency


def test_queries_without_annotation_are_predicted(model, folder, capfd):
    report = run_job(model, "bare.jsonl", limit=3, predictions=folder / "bare_submission.jsonl")
    report.show()
    assert "3 queries are predicted; none has relevant_windows" in capfd.readouterr().out
    for write in report.write_files:
        write()
    assert len((folder / "bare_submission.jsonl").read_text().splitlines()) == 3
    with pytest.raises(UserError, match="none of the 3 queries has relevant_windows to score against"):
        run_job(model, "bare.jsonl", limit=3)


def test_an_option_of_other_models(folder, capfd):
    assert main(["evaluate", "--workdir", str(folder / "run"), "--control", "foreign_frames"]) != 0
    assert "not supported for internvideo2_grounding" in capfd.readouterr().err
