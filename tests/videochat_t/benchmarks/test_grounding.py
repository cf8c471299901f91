"""`GroundingBenchmark` with models that know, guess, or do not look."""

import json

import numpy as np
import pytest

from tests.support import tiny_config
from tests.support.corpus_questions import constant
from timesuite_jax.data.corpora import CorpusShare, CorpusWriter, Mixture, Record
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation import run_benchmark
from timesuite_jax.metrics import grounding_scores
from timesuite_jax.text import load_clip_tokenizer, load_tokenizer
from timesuite_jax.videochat_t.answering.predictor import VideoChatPredictor
from timesuite_jax.videochat_t.benchmarks.grounding import GROUNDING_METRICS, GroundingBenchmark
from timesuite_jax.videochat_t.config import VideoChatTConfig
from timesuite_jax.videochat_t.data.processor import Processor


@pytest.fixture(scope="module")
def processor(tiny_corpus):
    config = VideoChatTConfig.from_config(tiny_config.get_config(str(tiny_corpus)))
    return Processor(
        config.data, config.video_inputs(), load_tokenizer(tiny_corpus), load_clip_tokenizer(tiny_corpus), train=False
    )


@pytest.fixture
def evaluate(processor, tiny_corpus):
    def run(answer, batch_size=4, limit=None, control="none", **options):
        benchmark = GroundingBenchmark([str(tiny_corpus)], limit=limit, control=control)
        return run_benchmark(benchmark, VideoChatPredictor(answer, processor), batch_size=batch_size, **options)

    return run


class Oracle:
    """Recognises each video by its frames, and answers its true span as a fraction of the time stamps of the prompt."""

    def __init__(self, processor, corpus, tokenizer):
        mixture = Mixture([CorpusShare(str(corpus))])
        self.tokenizer, self.known = tokenizer, {}
        for number in range(mixture.visits):
            record = mixture.read(number)
            visual = processor.video_inputs(record)
            last = visual.seconds[-1]
            self.known[visual.frames.tobytes()] = [edge / last for edge in record.spans[0]]

    def __call__(self, batch):
        answers = []
        for row in range(len(batch["tokens"])):
            text = self.tokenizer.decode(batch["tokens"][row][batch["valid"][row]].tolist())
            stamps = text.split("<Video>")[-1].split(" frames sampled ")[-1].split(" seconds")[0]
            last = float(stamps.replace(",", " ").split()[-1])
            start, end = (share * last for share in self.known[batch["frames"][row].tobytes()])
            answers.append(f"From {start:.2f} to {end:.2f} seconds.")
        return answers


def test_the_controls_follow_an_oracle(evaluate, processor, tiny_corpus):
    oracle, progress = Oracle(processor, tiny_corpus, load_tokenizer(tiny_corpus)), []
    plain = evaluate(oracle, batch_size=5, on_progress=progress.append)
    foreign, rescaled = (evaluate(oracle, control=control) for control in ("foreign_frames", "rescaled_stamps"))
    assert progress[:3] == [5, 5, 2]
    metrics = plain.metrics()
    assert tuple(metrics) == GROUNDING_METRICS
    assert metrics["r1_iou_0.7"] == 1.0 and metrics["n"] == 12
    assert metrics["dropped"] == metrics["parse_failures"] == 0
    # It answers when the other video's event happens ...
    assert foreign.metrics()["r1_iou_0.5"] < 0.7
    # ... and follows the stamps: right in the new seconds, wrong in the old.
    assert rescaled.metrics()["r1_iou_0.7"] == 1.0
    spans = [prediction.span for prediction in rescaled.predictions.values()]
    old = [prediction.truth[0] for prediction in plain.predictions.values()]
    assert grounding_scores(spans, old).summary()["r1_iou_0.7"] < 0.5


def test_answers_that_ignore_the_video_pass_the_frame_control(evaluate):
    """The metric does not fall, which exposes them."""
    answer = constant("From 1.0 to 3.0 seconds.")
    assert evaluate(answer).metrics() == evaluate(answer, control="foreign_frames").metrics()


def test_answers_without_a_span_are_failures_not_omissions(evaluate):
    result = evaluate(constant("I do not know."))
    metrics = result.metrics()
    assert metrics["n"] == 12 and metrics["parse_failures"] == 1.0 and metrics["miou"] == 0.0
    prediction = next(iter(result.predictions.values()))
    assert prediction.span is None and prediction.timeline().note == "IoU 0.00"


def test_first_span_is_scored(evaluate):
    result = evaluate(constant("From 1.0 to 2.0 seconds and from 3.0 to 4.0 seconds."), limit=1)
    (prediction,) = result.predictions.values()
    assert prediction.span == (1.0, 2.0) and prediction.spans == ((1.0, 2.0), (3.0, 4.0))
    assert np.isfinite(float(prediction.timeline().note.removeprefix("IoU ")))


def test_the_end_of_the_video_is_its_duration(evaluate):
    result = evaluate(constant("From 0.5 seconds until the end of the video."), limit=1)
    (prediction,) = result.predictions.values()
    assert prediction.span == (0.5, prediction.duration)


def test_result_names_what_decides_the_score(evaluate, tmp_path):
    evaluate(constant("1.0 - 2.0"), limit=2, folder=tmp_path)
    found = json.loads((tmp_path / "result.json").read_text())
    assert found["round_numbers"]["multiples_of_1"] == 1.0
    settings = found["settings"]
    assert settings["benchmark"] == "grounding" and settings["benchmark.control"] == "none"
    assert settings["benchmark.corpora"][0][:2] == ["films", 12] and settings["model.inputs"]["layout"] == "training"
    with pytest.raises(UserError, match=r"benchmark\.control.*none.*rescaled_stamps"):
        evaluate(constant("1.0 - 2.0"), control="rescaled_stamps", folder=tmp_path)
    assert evaluate(constant("1.0 - 2.0"), limit=4, folder=tmp_path).metrics()["n"] == 4


def test_a_corpus_without_spans_is_refused(processor, tiny_corpus, tmp_path):
    record = Mixture([CorpusShare(str(tiny_corpus))]).read(0)
    record = Record("talk/0", "talk", "conversation", record.turns, record.duration, video=record.video, source="a.mp4")
    CorpusWriter(tmp_path / "talk", "talk").write([[record]])
    predictor = VideoChatPredictor(constant(""), processor)
    with pytest.raises(UserError, match=r"nothing to evaluate.*record talk/0 has no question with a true span"):
        run_benchmark(GroundingBenchmark([str(tmp_path / "talk")]), predictor, batch_size=8)
