"""`PresenceBenchmark`: events that happen and events that do not."""

import dataclasses

import pytest

from tests.support import tiny_config
from tests.support.corpus_questions import constant
from timesuite_jax.data.corpora import CorpusShare, CorpusWriter, Mixture
from timesuite_jax.evaluation import run_benchmark
from timesuite_jax.text import Turn, load_clip_tokenizer, load_tokenizer
from timesuite_jax.videochat_t.answering.predictor import VideoChatPredictor
from timesuite_jax.videochat_t.benchmarks.presence import PresenceBenchmark
from timesuite_jax.videochat_t.config import VideoChatTConfig
from timesuite_jax.videochat_t.data.processor import Processor

TURNS = (
    Turn("When does the square appear?", "The given query happens in 0.5 - 1.0 seconds."),
    Turn("When does the cat appear?", "The given query does not happen in this video."),
    Turn("When does the dog appear?", "I do not know."),
)
TASK = "temporal_video_grounding"


@pytest.fixture(scope="module")
def run(tiny_corpus, tmp_path_factory):
    config = VideoChatTConfig.from_config(tiny_config.get_config(str(tiny_corpus)))
    tokenizers = load_tokenizer(tiny_corpus), load_clip_tokenizer(tiny_corpus)
    processor = Processor(config.data, config.video_inputs(), *tokenizers, train=False)
    record = Mixture([CorpusShare(str(tiny_corpus))]).read(0)
    known = {"turns": TURNS, "spans": ((0.5, 1.0),), "span_turns": (0,)}
    records = [
        dataclasses.replace(record, id="p/0", task=TASK, **known),
        dataclasses.replace(record, id="p/1", task="conversation", **known),
    ]
    folder = tmp_path_factory.mktemp("corpus") / "p"
    CorpusWriter(folder, "p").write([records])

    def run(answer):
        predictor = VideoChatPredictor(constant(answer), processor)
        return run_benchmark(PresenceBenchmark([str(folder)]), predictor, batch_size=2)

    return run


@pytest.mark.parametrize(
    ("answer", "absent", "present"),
    [("From 2.0 to 3.0 seconds.", 0.0, 1.0), ("It never appears.", 1.0, 0.0), ("I cannot tell.", 0.0, 0.0)],
)
def test_times_are_right_where_the_event_happens_and_denials_where_it_does_not(run, answer, absent, present):
    result = run(answer)
    expected = {"presence_accuracy": (absent + present) / 2, "absent_recall": absent, "present_recall": present}
    assert {name: result.metrics()[name] for name in expected} == expected
    assert list(result.predictions) == ["p#0.0", "p#0.1"]
    details = result.as_json()
    assert (details["events_that_happen"], details["events_that_do_not"], details["questions_not_used"]) == (1, 1, 1)
    assert ["answer that denies the event" in dropped.reason for dropped in result.dropped] == [True]
