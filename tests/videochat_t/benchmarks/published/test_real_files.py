"""Official annotation files, as downloaded, have as many questions as an official split."""

from pathlib import Path

import pytest

from tests.support.published import Answers
from timesuite_jax.evaluation import run_benchmark, write_json_lines
from timesuite_jax.evaluation.file_scores import ScoreRequest, score_files
from timesuite_jax.evaluation.prediction_files.dense_captions import read_dense_captions
from timesuite_jax.metrics.captions.ptb import ptb_tokenize
from timesuite_jax.metrics.qvhighlights import BRIEF
from timesuite_jax.videochat_t.benchmarks.published.sources import PublishedSources
from timesuite_jax.videochat_t.benchmarks.published.table import PUBLISHED

pytestmark = pytest.mark.nightly
_CHARADES = "temporal_video_grounding/charades/charades_annotation"
_QVHIGHLIGHTS = "video_highlight_detection/qvhighlights/annotations_raw"


@pytest.fixture(scope="module")
def published(request):
    """The folder of published annotation files."""
    found = request.config.getoption("--annotations")
    if found is None:
        pytest.skip("published annotation files: pytest --annotations FOLDER")
    return found


@pytest.mark.parametrize(
    ("name", "file", "count"),
    [
        ("charades_sta", f"{_CHARADES}/charades_sta_test.txt", 3720),
        ("charades_sta", f"{_CHARADES}/test.caption_coco_format.json", 3720),
        ("qvhighlights_moments", f"{_QVHIGHLIGHTS}/highlight_val_release.jsonl", 1550),
        ("qvhighlights_highlights", f"{_QVHIGHLIGHTS}/highlight_test_with_gt.jsonl", 1542),
    ],
)
def test_all_questions_are_scored(published: Path, tmp_path, name, file, count):
    """With a file for each video, all questions of the split count, and the score has its plain name."""
    benchmark = PUBLISHED[name](PublishedSources((published / file,), tmp_path))
    for example in benchmark.examples():
        video = example.video if hasattr(example, "video") else example.entry.video
        (tmp_path / f"{video.removesuffix('.mp4')}.mp4").touch()
    benchmark = PUBLISHED[name](PublishedSources((published / file,), tmp_path))
    result = run_benchmark(benchmark, Answers("From 1 to 20 seconds.", duration=150.0), batch_size=64)
    assert result.metrics()["n"] == count and not result.dropped
    assert not result.scores.coverage and result.metrics()["parse_failures"] == 0.0


@pytest.mark.parametrize(
    ("name", "file", "count"),
    [
        ("youcook2", "youcook2/val.caption_coco_format.json", 415),
        ("activitynet_captions", "anet/val.caption_coco_format.json", 4909),
        ("activitynet_captions", "anet/test.caption_coco_format.json", 4878),
    ],
)
def test_true_events_are_those_of_the_original_scorer(published: Path, tmp_path, name, file, count):
    truth = published / "dense_video_captioning" / file
    (tmp_path / "none.json").write_text("{}")
    expected = read_dense_captions(tmp_path / "none.json", truth)[0]
    examples = PUBLISHED[name](PublishedSources((truth,), tmp_path)).examples()
    assert [one.entry.video for one in examples] == [video.video for video in expected] and len(examples) == count
    events = [event for one in examples for event in one.entry.content.events]
    scored = [event for video in expected for event in video.truth]
    assert [(event.start, event.end) for event in events] == [(event.start, event.end) for event in scored]
    assert ptb_tokenize([event.text for event in events]) == ptb_tokenize([event.caption for event in scored])


def test_submissions_of_qvhighlights_score_as_the_benchmark(published: Path, tmp_path):
    truth = published / _QVHIGHLIGHTS / "highlight_val_release.jsonl"
    benchmark = PUBLISHED["qvhighlights_moments"](PublishedSources((truth,), tmp_path))
    for example in benchmark.examples():
        (tmp_path / f"{example.entry.video}.mp4").touch()
    benchmark = PUBLISHED["qvhighlights_moments"](PublishedSources((truth,), tmp_path))
    answer = "From 1 to 20 seconds, from 60 to 90 seconds and from 100 to 140 seconds."
    result = run_benchmark(benchmark, Answers(answer, duration=150.0), batch_size=64)
    write_json_lines(benchmark.submission_rows(list(result.predictions.values())), tmp_path / "submission.jsonl")
    scored = score_files("mr", ScoreRequest(tmp_path / "submission.jsonl", truth)).metrics()
    assert scored["n"] == 1550 and scored["MR-full-mAP"] > 0
    for name in BRIEF:
        assert scored[name] == result.metrics()[name], name
