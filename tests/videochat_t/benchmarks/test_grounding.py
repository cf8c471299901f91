"""`GroundingBenchmark` with models that know, guess, or do not look."""

import dataclasses
import json

import numpy as np
import pytest

from tests.support import tiny_config
from tests.support.corpus_questions import constant
from timesuite_jax.data.corpora import CorpusShare, CorpusWriter, Mixture, Record, open_corpus
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation import run_benchmark
from timesuite_jax.metrics import grounding_scores
from timesuite_jax.text import Turn, load_clip_tokenizer, load_tokenizer
from timesuite_jax.videochat_t.answering.predictor import VideoChatPredictor
from timesuite_jax.videochat_t.benchmarks.grounding import GroundingBenchmark
from timesuite_jax.videochat_t.benchmarks.table import BENCHMARKS
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


def questions_with_spans(corpus) -> list[tuple[int, int]]:
    """Record number and index of each question with a true span."""
    mixture = Mixture([CorpusShare(str(corpus))])
    records = [mixture.read(number) for number in range(len(mixture))]
    return [(n, turn) for n, record in enumerate(records) for turn in range(3) if record.spans_of(turn)]


class Oracle:
    """Recognises each video by its frames and each question by its text.

    Answers the true span as a fraction of the time stamps of the prompt; of an unknown pair, that of the video's first.
    """

    def __init__(self, processor, corpus, tokenizer):
        mixture = Mixture([CorpusShare(str(corpus))])
        self.tokenizer, self.known = tokenizer, {}
        for number, turn in questions_with_spans(corpus):
            record = mixture.read(number)
            visual = processor.video_inputs(record)
            last = visual.seconds[-1]
            span = [edge / last for edge in record.spans_of(turn)[0]]
            of_video = self.known.setdefault(visual.frames.tobytes(), {"": span})
            of_video[record.turns[turn].question] = span

    def __call__(self, batch):
        answers = []
        for row in range(len(batch["tokens"])):
            text = self.tokenizer.decode(batch["tokens"][row][batch["valid"][row]].tolist())
            stamps = text.split("<Video>")[-1].split(" frames sampled ")[-1].split(" seconds")[0]
            last = float(stamps.replace(",", " ").split()[-1])
            of_video = self.known[batch["frames"][row].tobytes()]
            asked = next((question for question in of_video if question and question in text), "")
            start, end = (share * last for share in of_video[asked])
            answers.append(f"From {start:.2f} to {end:.2f} seconds.")
        return answers


def test_the_controls_follow_an_oracle(evaluate, processor, tiny_corpus):
    oracle, progress = Oracle(processor, tiny_corpus, load_tokenizer(tiny_corpus)), []
    plain = evaluate(oracle, batch_size=5, on_progress=progress.append)
    foreign, rescaled = (evaluate(oracle, control=control) for control in ("foreign_frames", "rescaled_stamps"))
    count = len(questions_with_spans(tiny_corpus))
    assert progress[:2] == [5, 5] and sum(progress) == count > 12
    metrics = plain.metrics()
    assert tuple(metrics) == BENCHMARKS["grounding"].metric_names
    assert metrics["r1_iou_0.7"] == metrics["map_iou_0.75"] == 1.0 and metrics["n"] == count
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


def test_every_question_of_a_record_is_evaluated(evaluate, tiny_corpus):
    """Also where the first has no span; those without are counted, not dropped."""
    result = evaluate(constant("1.0 - 2.0"))
    expected = [f"videos#{number}.{turn}" for number, turn in questions_with_spans(tiny_corpus)]
    assert list(result.predictions) == expected
    assert [one.id for one in result.predictions.values()] == [
        f"videos/{number}/{turn}" for number, turn in questions_with_spans(tiny_corpus)
    ]
    found = result.as_json()
    assert found["questions_without_span"] == 36 - len(expected) and found["dropped"] == 0
    assert found["intervals_over"] == {"unit": "videos", "count": 12}


@pytest.mark.parametrize(
    ("answer", "rate", "note"),
    [
        ("I do not know.", "parse_failures", "no span in the answer"),
        ("It never appears.", "absent_answers", "the answer states that it does not happen"),
    ],
)
def test_answers_without_a_span_are_wrong_not_omissions(evaluate, tiny_corpus, answer, rate, note):
    result = evaluate(constant(answer))
    metrics = result.metrics()
    assert metrics["n"] == len(questions_with_spans(tiny_corpus)) and metrics["miou"] == metrics["set_iou"] == 0.0
    assert metrics[rate] == metrics["parse_failures"] + metrics["absent_answers"] == 1.0
    prediction = next(iter(result.predictions.values()))
    assert prediction.span is None
    timeline = prediction.timeline()
    assert (timeline.note, timeline.no_span, timeline.video) == ("IoU 0.00", note, "000000.mp4")


def corpus_of(folder, tiny_corpus, *records, **writing):
    """A corpus of records that show the first video of another corpus."""
    record = Mixture([CorpusShare(str(tiny_corpus))]).read(0)
    changed = [
        dataclasses.replace(record, id=f"t/{n}", corpus="t", span_turns=(), **changes)
        for n, changes in enumerate(records)
    ]
    CorpusWriter(folder / "t", "t", **writing).write([changed])
    return str(folder / "t")


@pytest.fixture
def score(processor, tiny_corpus, tmp_path):
    def run(answer, *records, **writing):
        benchmark = GroundingBenchmark([corpus_of(tmp_path, tiny_corpus, *records, **writing)])
        return run_benchmark(benchmark, VideoChatPredictor(constant(answer), processor), batch_size=2)

    return run


WHEN = (Turn("When?", "From 0.5 to 1.0 seconds and from 2.0 to 3.0 seconds."),)


def test_the_best_of_several_true_windows_counts(score):
    metrics = score("2.0 - 3.0 seconds", {"turns": WHEN, "spans": ((0.5, 1.0), (2.0, 3.0))}).metrics()
    assert metrics["miou"] == metrics["r1_iou_0.7"] == 1.0
    assert metrics["set_iou"] == pytest.approx(2 / 3) and metrics["map"] == 0.5


def test_questions_for_single_moments_are_not_asked(score):
    spans = {"turns": WHEN, "spans": ((2.0, 3.0),)}
    result = score("2.0 - 3.0 seconds", spans, {**spans, "task": "highlight_detection"})
    assert result.metrics()["n"] == result.metrics()["miou"] == 1.0
    assert ["no question with a true span" in dropped.reason for dropped in result.dropped] == [True]


def test_true_spans_beyond_the_video_are_dropped_with_the_reason(score):
    spans = ((0.5, 1.0),), ((0.5, 90.0),), ((500.0, 1000.0),), ((40.0, 50.0),)
    result = score("0.5 - 1.0 seconds", *({"turns": WHEN, "spans": one} for one in spans))
    assert result.metrics()["n"] == 1 and result.metrics()["miou"] == 1.0
    reasons = [dropped.reason for dropped in result.dropped]
    for reason, text in zip(reasons, ("extends beyond", "milliseconds", "outside of the video"), strict=True):
        assert text in reason and "--on-bad-span" in reason


def test_true_spans_that_were_kept_are_scored_and_counted(score):
    result = score("0.5 - 90.0 seconds", {"turns": WHEN, "spans": ((0.5, 90.0),)}, on_bad_span="keep")
    assert result.metrics()["miou"] == 1.0
    details = result.as_json()
    assert details["truths_beyond_video"] == details["answers_beyond_video"] == 1


def test_a_damaged_record_is_dropped_not_the_end_of_the_evaluation(processor, tiny_corpus, tmp_path):
    folder = corpus_of(tmp_path, tiny_corpus, *[{"turns": WHEN, "spans": ((0.5, 1.0),)}] * 3)
    _, source = open_corpus(folder)
    data = bytearray(source.paths[0].read_bytes())
    offset = data.index(b"t/1") - 12  # of the entry of the record's id
    data[offset : offset + 12] = bytes([255] * 12)
    source.paths[0].write_bytes(data)
    predictor = VideoChatPredictor(constant("0.5 - 1.0"), processor)
    result = run_benchmark(GroundingBenchmark([folder]), predictor, batch_size=2)
    assert result.metrics()["n"] == 2 and [one.id for one in result.dropped] == ["t#1"]
    assert "fails its checksum" in result.dropped[0].reason


def test_first_span_is_scored(evaluate):
    result = evaluate(constant("From 1.0 to 2.0 seconds and from 3.0 to 4.0 seconds."), limit=1)
    prediction = next(iter(result.predictions.values()))
    assert prediction.span == (1.0, 2.0) and prediction.spans == ((1.0, 2.0), (3.0, 4.0))
    assert np.isfinite(float(prediction.timeline().note.removeprefix("IoU ")))


def test_the_end_of_the_video_is_its_duration(evaluate):
    result = evaluate(constant("From 0.5 seconds until the end of the video."), limit=1)
    prediction = next(iter(result.predictions.values()))
    assert prediction.span == (0.5, prediction.duration)


def test_result_names_what_decides_the_score(evaluate, tiny_corpus, tmp_path):
    evaluate(constant("1.0 - 2.0"), limit=2, folder=tmp_path)
    found = json.loads((tmp_path / "result.json").read_text())
    assert found["round_numbers"]["multiples_of_1"] == 1.0
    assert found["round_numbers"].keys() == found["round_numbers_of_truth"].keys()
    assert set(found["breakdown"]) == {"video_length", "span_length", "position"}
    whole = found["breakdown"]["video_length"]["under 1 min"]
    assert whole["n"] == found["n"] and whole["miou"] == pytest.approx(found["miou"])
    assert sum(part["n"] for part in found["breakdown"]["position"].values()) == found["n"]
    shown = found["examples"][0]["input"]
    assert len(shown["frame_times"]) == 4 and shown["question"] == found["examples"][0]["prediction"]["question"]
    settings = found["settings"]
    assert settings["benchmark"] == "grounding" and settings["benchmark.control"] == "none"
    assert settings["benchmark.corpora"][0][:2] == ["videos", 12] and settings["model.inputs"]["layout"] == "training"
    with pytest.raises(UserError, match=r"benchmark\.control.*none.*rescaled_stamps"):
        evaluate(constant("1.0 - 2.0"), control="rescaled_stamps", folder=tmp_path)
    more = evaluate(constant("1.0 - 2.0"), limit=4, folder=tmp_path).metrics()
    assert more["n"] == sum(number < 4 for number, _ in questions_with_spans(tiny_corpus))


def test_a_corpus_without_spans_is_refused(processor, tiny_corpus, tmp_path):
    record = Mixture([CorpusShare(str(tiny_corpus))]).read(0)
    record = Record("talk/0", "talk", "conversation", record.turns, record.duration, video=record.video, source="a.mp4")
    CorpusWriter(tmp_path / "talk", "talk").write([[record]])
    predictor = VideoChatPredictor(constant(""), processor)
    with pytest.raises(UserError, match=r"nothing to evaluate.*record talk/0 has no question with a true span"):
        run_benchmark(GroundingBenchmark([str(tmp_path / "talk")]), predictor, batch_size=8)
