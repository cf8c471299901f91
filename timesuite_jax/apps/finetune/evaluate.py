"""Evaluates a fine-tuned model on the videos that were held out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from timesuite_jax import parallel, registry
from timesuite_jax.apps.finetune.plan import HELD_OUT
from timesuite_jax.checkpoints.readers import find_step
from timesuite_jax.evaluation import Result, run_benchmark, write_predictions
from timesuite_jax.progress import progress_bar
from timesuite_jax.videochat_t.benchmarks.table import make_benchmark
from timesuite_jax.videochat_t.task import VideoChatTask


def evaluate(workdir: Path, folders: Mapping[str, str], *, quiet: bool) -> dict[str, Result[Any]]:
    """Scores the newest checkpoint of a run on held-out corpora; an interrupted evaluation resumes.

    Args:
      workdir: of the run; every answer is also written to NAME.jsonl in it.
      folders: of the corpora by name, which decides what is scored.
      quiet: show no progress bar.

    Raises:
      UserError: a corpus cannot be read, or the folder cannot be written.
    """
    if not folders:
        return {}
    loaded = registry.load(workdir, registry.Evaluates)
    task = loaded.task
    assert isinstance(task, VideoChatTask)
    spec, results = task.config.evaluation, {}
    with parallel.mesh_context(loaded.mesh, loaded.rules):
        predictor = task.predictor(loaded.params)
        for name, folder in folders.items():
            benchmark = make_benchmark(HELD_OUT[name][1], [folder], protocol=spec.protocol)
            with progress_bar(f"answering {name}", len(benchmark.examples()), quiet=quiet) as advance:
                results[name] = run_benchmark(
                    benchmark,
                    predictor,
                    batch_size=spec.batch_size,
                    folder=workdir / "evaluation" / name,
                    settings={"step": find_step(workdir)},  # in this folder it decides the weights
                    on_progress=advance,
                )
            write_predictions(results[name], workdir / f"{name}.jsonl")
    return results
