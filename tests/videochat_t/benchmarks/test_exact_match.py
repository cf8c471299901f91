"""`ExactMatchBenchmark`: records without spans are evaluated, too."""

import dataclasses

import pytest

from tests.support import tiny_config
from tests.support.corpus_questions import constant
from timesuite_jax.data.corpora import CorpusShare, CorpusWriter, Mixture
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation import run_benchmark
from timesuite_jax.text import Turn, load_clip_tokenizer, load_tokenizer
from timesuite_jax.videochat_t.answering.predictor import VideoChatPredictor
from timesuite_jax.videochat_t.benchmarks.exact_match import ExactMatchBenchmark
from timesuite_jax.videochat_t.config import VideoChatTConfig
from timesuite_jax.videochat_t.data.processor import Processor


@pytest.fixture(scope="module")
def processor(tiny_corpus):
    config = VideoChatTConfig.from_config(tiny_config.get_config(str(tiny_corpus)))
    tokenizers = load_tokenizer(tiny_corpus), load_clip_tokenizer(tiny_corpus)
    return Processor(config.data, config.video_inputs(), *tokenizers, train=False)


def test_choices_are_compared_without_punctuation(processor, tiny_corpus, tmp_path):
    record = Mixture([CorpusShare(str(tiny_corpus))]).read(0)
    answers = ("(A)", "b.", "")
    records = [
        dataclasses.replace(
            record, id=f"choice/{number}", turns=(Turn("Which colour?", answer),), spans=(), span_turns=()
        )
        for number, answer in enumerate(answers)
    ]
    CorpusWriter(tmp_path / "choice", "choice").write([records])
    predictor, benchmark = VideoChatPredictor(constant("B"), processor), ExactMatchBenchmark([str(tmp_path / "choice")])
    result = run_benchmark(benchmark, predictor, batch_size=2)
    assert result.metrics() == {"exact_match": 0.5, "n": 2.0, "dropped": 1.0}
    assert [one.reference for one in result.predictions.values()] == ["(A)", "b."]
    assert "choice/2 has no question with an answer" in result.dropped[0].reason
    with pytest.raises(UserError, match="nothing to evaluate"):
        run_benchmark(ExactMatchBenchmark([str(tmp_path / "choice")], limit=0), predictor, batch_size=2)


def test_every_answered_question_is_evaluated(processor, tiny_corpus, tmp_path):
    record = Mixture([CorpusShare(str(tiny_corpus))]).read(0)
    turns = (Turn("Colour?", "B"), Turn("", "A caption."), Turn("Shape?", "C"))
    CorpusWriter(tmp_path / "c", "c").write([[dataclasses.replace(record, turns=turns, spans=(), span_turns=())]])
    predictor = VideoChatPredictor(constant("B"), processor)
    result = run_benchmark(ExactMatchBenchmark([str(tmp_path / "c")]), predictor, batch_size=2)
    assert list(result.predictions) == ["c#0.0", "c#0.2"] and result.metrics()["exact_match"] == 0.5
    assert result.as_json()["questions_without_answer"] == 1
