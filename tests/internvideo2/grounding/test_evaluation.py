"""Evaluation of a head that is not trained: submissions, queries without annotation, batches."""

import json

import jax
import pytest

from tests.support.grounding_set import make_set, write_rows
from tests.support.paths import CONFIGS
from timesuite_jax import port
from timesuite_jax.cli._configs import load_config
from timesuite_jax.cli.main import main
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.job import EvaluationRequest
from timesuite_jax.internvideo2.grounding.moment_query import read_moment_queries
from timesuite_jax.internvideo2.grounding.port import PORT
from timesuite_jax.registry import Evaluates, build, load


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Data, and the fresh parameters of a head, `head.safetensors`."""
    folder = tmp_path_factory.mktemp("grounding")
    rows = make_set(folder, "val", 4, seed=2)
    keep = ("qid", "query", "vid", "duration")
    write_rows(folder / "bare.jsonl", [{key: row[key] for key in keep} for row in rows])
    params = jax.device_get(jax.jit(build(config_of(folder)).init)(jax.random.key(0)))
    port.export(port.TreeSource.of_params(PORT, params), folder / "head.safetensors")
    return folder


def options(folder):
    words = [("train", "val.jsonl"), ("evaluation", "val.jsonl"), ("features", "features")]
    return [*(f"--config.data.{key}={folder}/{name}" for key, name in words), "--config.data.max_rows=16"]


def config_of(folder):
    return load_config(f"{CONFIGS}/internvideo2/grounding.py:debug", options(folder))


@pytest.fixture(scope="module")
def model(folder):
    """The head, on a mesh of all devices."""
    config = config_of(folder)
    config.weights.files = (str(folder / "head.safetensors"),)
    return load(config, Evaluates)


def run_job(model, folder, data="val.jsonl", **request):
    config = type(model.task).replace_data(model.config, [f"{folder}/{data}"])
    job = type(model.task).from_config(config).evaluation_job(EvaluationRequest(**request))
    return model.run(job.run, lambda queries: None)


def test_a_submission_has_every_query(model, folder):
    report = run_job(model, folder, predictions=folder / "submission.jsonl")
    assert report.metrics["n"] == 12
    for write in report.write_files:
        write()
    report.show()
    lines = [json.loads(line) for line in (folder / "submission.jsonl").read_text().splitlines()]
    assert [line["qid"] for line in lines] == [query.qid for query in read_moment_queries(folder / "val.jsonl")]
    for line in lines:
        assert len(line["pred_saliency_scores"]) == 16 and len(line["pred_relevant_windows"]) == 4
        assert all(0 <= start < end <= 32 for start, end, _ in line["pred_relevant_windows"])
        likely = [window[2] for window in line["pred_relevant_windows"]]
        assert likely == sorted(likely, reverse=True) and 0 <= likely[-1] <= likely[0] <= 1


def test_the_batch_does_not_change_predictions(model, folder):
    queries = read_moment_queries(folder / "val.jsonl")
    found, alone = (model.run(model.task.predict, part) for part in (queries[:7], queries[6:7]))
    assert found[6].windows == alone[0].windows and found[6].saliency == alone[0].saliency


def test_queries_without_annotation_are_predicted(model, folder, capfd):
    report = run_job(model, folder, "bare.jsonl", limit=3, predictions=folder / "bare_submission.jsonl")
    report.show()
    assert "3 queries are predicted; none has relevant_windows" in capfd.readouterr().out
    for write in report.write_files:
        write()
    assert len((folder / "bare_submission.jsonl").read_text().splitlines()) == 3
    with pytest.raises(UserError, match="none of the 3 queries has relevant_windows to score against"):
        run_job(model, folder, "bare.jsonl", limit=3)


def test_an_option_of_other_models(folder, capfd):
    config = [f"{CONFIGS}/internvideo2/grounding.py:debug", *options(folder)]
    config.append(f"--config.weights.files=('{folder}/head.safetensors',)")
    assert main(["evaluate", "--config", *config, "--control", "foreign_frames"]) != 0
    assert "not supported for internvideo2_grounding" in capfd.readouterr().err
