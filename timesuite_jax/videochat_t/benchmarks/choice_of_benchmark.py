"""The benchmark that a request and a config choose: on corpora, or on official annotation files."""

from typing import Any

from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.job import EvaluationRequest
from timesuite_jax.suggestions import did_you_mean
from timesuite_jax.videochat_t.benchmarks.published.published_benchmark import PublishedBenchmark
from timesuite_jax.videochat_t.benchmarks.published.sources import PublishedSources
from timesuite_jax.videochat_t.benchmarks.published.table import PUBLISHED, make_published
from timesuite_jax.videochat_t.benchmarks.table import BENCHMARKS, CorpusBenchmark, make_benchmark
from timesuite_jax.videochat_t.config import EvaluationSpec

AnyBenchmark = CorpusBenchmark | PublishedBenchmark[Any, Any]

_OF_PUBLISHED = ("annotations", "videos", "split")  # options


def choose_benchmark(name: str, spec: EvaluationSpec, request: EvaluationRequest) -> AnyBenchmark:
    """Makes a benchmark.

    Args:
      name: in `BENCHMARKS` or `PUBLISHED`.
      spec: the config's part; it has the protocol.
      request: options of the command.

    Raises:
      UserError: there is no such benchmark, it lacks files or has options of the other kind, or a file cannot be read.
    """
    if name in PUBLISHED:
        return _published(name, spec, request)
    if name not in BENCHMARKS:
        hint = did_you_mean(name, (*BENCHMARKS, *PUBLISHED))
        raise UserError(
            f"unknown benchmark {name!r}{f', {hint}' if hint else ''}; choose one of {', '.join(BENCHMARKS)} on "
            f"corpora, or {', '.join(PUBLISHED)} on official annotation files"
        )
    if (option := next((one for one in _OF_PUBLISHED if getattr(request, one) is not None), None)) is not None:
        raise UserError(
            f"--{option} is for benchmarks on official annotation files, and {name} is evaluated on corpora; give "
            f"these with --data, or choose one of {', '.join(PUBLISHED)} with --benchmark"
        )
    if not spec.corpora:
        raise UserError("config.evaluation.corpora is empty; give a corpus to evaluate with --data")
    return make_benchmark(
        name, spec.corpora, limit=request.limit or spec.limit, control=request.control, protocol=spec.protocol
    )


def _published(name: str, spec: EvaluationSpec, request: EvaluationRequest) -> PublishedBenchmark[Any, Any]:
    if request.annotations is None or request.videos is None:
        raise UserError(
            f"benchmark {name} needs its official annotation file and its videos; give them with --annotations FILE "
            "--videos DIR"
        )
    if request.control is not None:
        raise UserError(f"--control {request.control} is for corpora, not for benchmark {name}; remove the option")
    sources = PublishedSources(request.annotations, request.videos, request.split)
    return make_published(name, sources, spec.protocol)
