"""QVHighlights' highlight detection as a published benchmark."""

import json

import pytest

from tests.support.annotation_samples import SAMPLES
from tests.support.published import Answers, sources
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation import run_benchmark
from timesuite_jax.videochat_t.benchmarks.published.highlights.highlight_answers import (
    read_clip_scores,
    read_upstream_scores,
)
from timesuite_jax.videochat_t.benchmarks.published.highlights.qvhighlights_highlights import QVHighlightsDetection

FILES = SAMPLES["qvhighlights"]  # one query: clip 3 has 4, 3 and 2, clip 4 has 1, 1 and 2
VIDEO = "abc_0.0_150.0.mp4"
LISTED = "The highlight timestamps are in the {} seconds. Their saliency scores are {}."


@pytest.mark.parametrize(
    ("read", "text", "scores"),
    [
        (read_clip_scores, LISTED.format("2.0, 6.5", "3.0, 1.5"), [0, 3, 0, 1.5, 0]),
        (read_clip_scores, LISTED.format("2.0, 3.5, 99.0", "1.0, 4.0, 5.0"), [0, 4, 0, 0, 0]),
        (read_clip_scores, "From 3 to 6 seconds.", [0, 1, 1, 0, 0]),
        (read_clip_scores, LISTED.format("99.0", "4.0"), []),
        (read_clip_scores, "There are no such moments in this video.", []),
        (read_clip_scores, "Nothing.", []),
        (read_upstream_scores, LISTED.format("3, 7", "3.0, 1.5"), [0, 3, 0, 1.5, 0]),
        (read_upstream_scores, "From 3 to 6 seconds.", []),
    ],
)
def test_scores_of_clips(read, text, scores):
    assert list(read(text, 10.0)) == scores


def test_a_right_and_a_wrong_answer(tmp_path):
    files = sources(tmp_path, FILES, [VIDEO])
    right = run_benchmark(QVHighlightsDetection(files), model := Answers(LISTED.format("6.0", "4.0")), batch_size=1)
    assert right.metrics()["HL-min-VeryGood-Hit1"] == 1.0 and right.metrics()["parse_failures"] == 0.0
    # One of three annotators finds clip 3 very good; for the others no clip is, and their average precision is 0.
    assert right.metrics()["HL-min-VeryGood-mAP"] == pytest.approx(1 / 3)
    assert "'A cat jumps'" in model.asked[0].turn.question and list(right.predictions) == ["9"]
    details = right.scores.details
    assert details["breakdown"]["span_length"]["up to 10 s"]["n"] == 1  # clips 3 and 4: 6 to 10 s
    assert details["round_numbers"]["multiples_of_2"] == 1.0 and details["round_numbers"]["multiples_of_5"] == 0.0
    wrong = run_benchmark(QVHighlightsDetection(files), Answers(LISTED.format("60.0", "4.0")), batch_size=1)
    assert wrong.metrics()["HL-min-Fair-Hit1"] == 0.0
    assert wrong.as_json()["HL-min-Fair-Hit1 (1 of 1, no official split)"] == 0.0


def test_the_paper_protocol(tmp_path):
    benchmark = QVHighlightsDetection(sources(tmp_path, FILES, [VIDEO]), protocol="paper")
    result = run_benchmark(benchmark, model := Answers("6 - 8"), batch_size=1)
    assert result.metrics()["parse_failures"] == 1.0
    question = model.asked[0].turn.question
    assert question.startswith(
        "You are given a video from the qvhighlights dataset. Please find the highlight contents"
    )
    assert "the sentence query: A cat jumps. Please return" in question


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"saliency_scores": None}, "has no saliency_scores; give highlight_test_with_gt.jsonl for the test split"),
        ({"relevant_clip_ids": [0.5, 1]}, "not the number of a clip"),
        ({"saliency_scores": [[1, 2], [1]]}, "has no clip with as many scores as the others"),
    ],
)
def test_rows_without_truth(tmp_path, change, expected):
    row = {**json.loads(next(iter(FILES.values()))), **change}
    with pytest.raises(UserError, match=expected):
        QVHighlightsDetection(sources(tmp_path, {"a.jsonl": json.dumps(row).encode()}, [VIDEO]))
