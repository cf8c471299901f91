"""Evaluation: the benchmark contract and its runner, reports, timelines, and ranking of items by score.

`run_benchmark(benchmark, predictor)` evaluates a model on a `Benchmark`; a family brings the `Predictor`.
"""

from timesuite_jax.evaluation.benchmark import Benchmark, Example, Predictor
from timesuite_jax.evaluation.input_description import DescribesInputs
from timesuite_jax.evaluation.report import print_result, write_json_lines, write_predictions
from timesuite_jax.evaluation.result import COUNTS, DroppedExample, Result
from timesuite_jax.evaluation.runner import run_benchmark
from timesuite_jax.evaluation.scores import Scores
from timesuite_jax.evaluation.sharding import shard_batches
from timesuite_jax.evaluation.timeline import Span, Timeline, draw_timelines
from timesuite_jax.evaluation.top_k import item_scores, mask_seen, rank, top_k_items

__all__ = [
    "COUNTS",
    "Benchmark",
    "DescribesInputs",
    "DroppedExample",
    "Example",
    "Predictor",
    "Result",
    "Scores",
    "Span",
    "Timeline",
    "draw_timelines",
    "item_scores",
    "mask_seen",
    "print_result",
    "rank",
    "run_benchmark",
    "shard_batches",
    "top_k_items",
    "write_json_lines",
    "write_predictions",
]
