"""Benchmarks by the names that configs and `timesuite evaluate --benchmark` use."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from timesuite_jax.errors import UserError
from timesuite_jax.evaluation import COUNTS, Benchmark
from timesuite_jax.videochat_t.answering.predictor import VideoAnswer, VideoQuestion
from timesuite_jax.videochat_t.benchmarks.corpus_examples import CorpusExample
from timesuite_jax.videochat_t.benchmarks.exact_match import ExactMatchBenchmark
from timesuite_jax.videochat_t.benchmarks.grounding import GroundingBenchmark
from timesuite_jax.videochat_t.benchmarks.presence import PresenceBenchmark

CorpusBenchmark = Benchmark[CorpusExample, VideoQuestion, VideoAnswer, Any]


@dataclass(frozen=True)
class BenchmarkEntry:
    """One kind of benchmark.

    Attributes:
      make: from folders of corpora, with keywords `limit`, `protocol` and, if it has controls, `control`.
      metric_names: of its results, counts included.
      controls: names of its control experiments.
    """

    make: Callable[..., CorpusBenchmark]
    metric_names: tuple[str, ...]
    controls: tuple[str, ...] = ()


BENCHMARKS: Mapping[str, BenchmarkEntry] = {
    "grounding": BenchmarkEntry(
        GroundingBenchmark, (*GroundingBenchmark.metric_names, *COUNTS), ("foreign_frames", "rescaled_stamps")
    ),
    "exact_match": BenchmarkEntry(ExactMatchBenchmark, (*ExactMatchBenchmark.metric_names, *COUNTS)),
    "presence": BenchmarkEntry(PresenceBenchmark, (*PresenceBenchmark.metric_names, *COUNTS)),
}


def find_benchmark(name: str) -> BenchmarkEntry:
    """Looks up a benchmark.

    Raises:
      UserError: listing the known ones.
    """
    if name not in BENCHMARKS:
        raise UserError(f"unknown benchmark {name!r}; choose one of {', '.join(BENCHMARKS)}")
    return BENCHMARKS[name]


def make_benchmark(
    name: str,
    folders: Sequence[str],
    *,
    limit: int | None = None,
    control: str | None = None,
    protocol: str = "default",
) -> CorpusBenchmark:
    """Makes a benchmark of corpora.

    Args:
      name: in `BENCHMARKS`.
      folders: of the corpora.
      limit: records of each corpus, from the first; None for all.
      control: name of a control experiment.
      protocol: "default" or "paper", how answers are read.

    Raises:
      UserError: the benchmark or its control is unknown, or a corpus cannot be read.
    """
    entry = find_benchmark(name)
    if control is None:
        return entry.make(folders, limit=limit, protocol=protocol)
    if control not in entry.controls:
        known = f"it has {', '.join(entry.controls)}" if entry.controls else "it has none"
        raise UserError(f"benchmark {name} has no control experiment {control!r}; {known}")
    return entry.make(folders, limit=limit, protocol=protocol, control=control)
