"""Questions of a corpus as `GroundingBenchmark` and `VideoChatPredictor` prepare them."""

from collections.abc import Callable
from typing import Any

from timesuite_jax.data.corpora import Batch
from timesuite_jax.videochat_t.answering.predictor import PreparedQuestion, VideoChatPredictor
from timesuite_jax.videochat_t.benchmarks.grounding import GroundingBenchmark
from timesuite_jax.videochat_t.data.processor import Processor


def no_answers(batch: Batch) -> list[str]:
    """A model that must not be called."""
    raise AssertionError("a test that only prepares questions must not answer them")


def prepare(processor: Processor, corpus: Any, count: int | None = None, **options: Any) -> list[PreparedQuestion]:
    """The first `count` (or all) questions of a corpus, prepared; `options` as `GroundingBenchmark` takes them."""
    benchmark = GroundingBenchmark([str(corpus)], **options)
    predictor = VideoChatPredictor(no_answers, processor)
    return [predictor.prepare(benchmark.prompt(example)) for example in benchmark.examples()[:count]]


def first_batch(processor: Processor, corpus: Any, size: int) -> Batch:
    """The first `size` questions of a corpus as one batch."""
    return VideoChatPredictor(no_answers, processor).collate(prepare(processor, corpus, size), size)


def constant(text: str) -> Callable[[Batch], list[str]]:
    """A model that always gives the same answer."""
    return lambda batch: [text] * len(batch["tokens"])
