"""Files that the official evaluation of QVHighlights takes, scored by ours."""

import json

import pytest

from tests.support.annotation_samples import SAMPLES
from tests.support.published import Answers, sources
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation import run_benchmark, write_json_lines
from timesuite_jax.evaluation.file_scores import ScoreRequest, score_files
from timesuite_jax.videochat_t.benchmarks.published.table import PUBLISHED

VIDEOS = ["abc_0.0_150.0.mp4", "v_abc.mp4"]


@pytest.mark.parametrize(
    ("name", "task", "answer", "metric"),
    [
        ("qvhighlights_moments", "mr", "From 100 to 120 seconds and from 6 to 9 seconds.", "MR-full-mAP"),
        (
            "qvhighlights_highlights",
            "vhd",
            "The highlight timestamps are in the 6.0 seconds. Their saliency scores are 4.0.",
            "HL-min-VeryGood-mAP",
        ),
        ("qvhighlights_highlights", "vhd", "Nothing.", "HL-min-Fair-Hit1"),
    ],
)
def test_a_submission_scores_as_the_benchmark(tmp_path, name, task, answer, metric):
    files = sources(tmp_path, SAMPLES["qvhighlights"], VIDEOS)
    benchmark = PUBLISHED[name](files)
    result = run_benchmark(benchmark, Answers(answer, duration=150.0), batch_size=1)
    write_json_lines(benchmark.submission_rows(list(result.predictions.values())), tmp_path / "submission.jsonl")
    (row,) = map(json.loads, (tmp_path / "submission.jsonl").read_text().splitlines())
    assert (row["qid"], row["vid"]) == (9, "abc_0.0_150.0") and row["query"].startswith("A cat jumps")
    scored = score_files(task, ScoreRequest(tmp_path / "submission.jsonl", files.annotations[0]))
    assert scored.metrics()[metric] == result.metrics()[metric]
    if task == "mr":
        assert row["pred_relevant_windows"] == [[100.0, 120.0, 1.0], [6.0, 9.0, 0.5]]
        assert 0 < scored.metrics()[metric] < 1


def test_annotations_without_numbers_of_queries(tmp_path):
    benchmark = PUBLISHED["qvhighlights_moments"](sources(tmp_path, SAMPLES["qvhighlights_coco"], VIDEOS))
    result = run_benchmark(benchmark, Answers("From 6 to 10 seconds."), batch_size=1)
    with pytest.raises(UserError, match=r"has no qid, .*; give highlight_val_release\.jsonl or highlight_test_with_gt"):
        benchmark.submission_rows(list(result.predictions.values()))


def test_benchmarks_without_submissions(tmp_path):
    benchmark = PUBLISHED["charades_sta"](sources(tmp_path, SAMPLES["charades_sta"], []))
    assert benchmark.submission_rows([]) is None
