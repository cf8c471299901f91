"""Evaluations during training draw their answers."""

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.support.published import Answers
from timesuite_jax.monitoring.writers import TensorBoardWriter
from timesuite_jax.videochat_t.benchmarks.corpus_evaluation import CorpusEvaluation
from timesuite_jax.videochat_t.config import EvaluationSpec


def test_a_picture_of_the_last_answers_is_in_the_event_file(tiny_corpus, tmp_path):
    evaluation = CorpusEvaluation(str(tiny_corpus), EvaluationSpec(limit=2), lambda params: Answers("1.0 - 2.0"))
    assert evaluation.pictures() == {}
    assert evaluation.run({})["n"] > 0
    writer = TensorBoardWriter(tmp_path)
    writer.write_images(7, evaluation.pictures())
    writer.close()
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    (image,) = events.Images("timelines")
    assert image.step == 7 and image.encoded_image_string.startswith(b"\x89PNG") and image.width == 1200


@pytest.mark.parametrize("benchmark", ["exact_match", "presence"])
def test_answers_without_spans_are_not_drawn(tiny_corpus, benchmark):
    spec = EvaluationSpec(limit=2, benchmark=benchmark)
    evaluation = CorpusEvaluation(str(tiny_corpus), spec, lambda params: Answers("yes"))
    evaluation.run({})
    assert evaluation.pictures() == {}
