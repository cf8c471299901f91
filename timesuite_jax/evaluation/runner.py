"""Runs a benchmark: all examples through the model, in batches, over all processes, resumable.

The answers do not depend on the batch size, the number of processes, or where an earlier run was killed.
"""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
from pydantic import TypeAdapter

from timesuite_jax import __version__, parallel
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.benchmark import (
    AnswerT,
    Benchmark,
    ExampleT,
    InputT,
    PredictionT,
    Predictor,
    PromptT,
)
from timesuite_jax.evaluation.input_description import DescribesInputs
from timesuite_jax.evaluation.map_ahead import map_ahead
from timesuite_jax.evaluation.prediction_log import PredictionLog
from timesuite_jax.evaluation.result import DroppedExample, Result
from timesuite_jax.evaluation.sharding import shard_batches


def run_benchmark(
    benchmark: Benchmark[ExampleT, PromptT, AnswerT, PredictionT],
    predictor: Predictor[PromptT, InputT, AnswerT],
    *,
    batch_size: int,
    limit: int | None = None,
    folder: Path | None = None,
    settings: Mapping[str, Any] | None = None,
    threads: int = 0,
    on_progress: Callable[[int], None] = lambda examples: None,
) -> Result[PredictionT]:
    """Answers and scores all examples; several processes each answer a share, and all return the same result.

    Args:
      benchmark: what is measured.
      predictor: the model.
      batch_size: examples at a time in all processes together; does not change the answers.
      limit: number of examples, from the first; None for all.
      folder: stores predictions as they are made, and the result. If it has some of the same settings, only the
        remaining examples are answered. Dropped examples are tried again. Without a folder nothing is written.
      settings: what else decides the answers, as JSON values, e.g. a fingerprint of the weights.
      threads: that read prompts and prepare inputs ahead, which has to be safe; 0: none.
      on_progress: called with the number of examples that all processes completed since the last call.

    Raises:
      UserError: no example could be used, or the folder cannot be.
    """
    if benchmark.protocol not in benchmark.protocols:
        known = ", ".join(benchmark.protocols)
        raise UserError(f"benchmark {benchmark.name} has no protocol {benchmark.protocol!r}; choose one of {known}")
    examples = benchmark.examples()
    places = range(len(examples) if limit is None else min(limit, len(examples)))
    ids = [examples[place].id for place in places]
    if len(set(ids)) < len(ids):
        raise ValueError(f"benchmark {benchmark.name}: {len(ids) - len(set(ids))} examples have the id of another")
    decided_by = _settings(benchmark, predictor, settings or {})
    log, stored = None, {}
    if folder is not None:
        log = parallel.run_on_all_processes(lambda: PredictionLog(folder, decided_by, jax.process_index()))
        stored = _allgather({"answered": parallel.run_on_all_processes(log.read)})["answered"]
    pending = [place for place in places if ids[place] not in stored]
    if len(pending) < len(ids):
        on_progress(len(ids) - len(pending))
    found = _answer(benchmark, predictor, examples, pending, batch_size, log, threads, on_progress)
    stored, reasons = stored | found["answered"], found["dropped"]
    dropped = [DroppedExample(id, reasons[id]) for id in ids if id in reasons]
    if len(dropped) == len(ids):
        why = f"; the first, {dropped[0].id}: {dropped[0].reason}" if dropped else ""
        raise UserError(f"nothing to evaluate: all {len(ids)} examples of {benchmark.name} were dropped{why}")
    decode = TypeAdapter(benchmark.prediction_type).validate_python
    predictions = {id: decode(stored[id]["prediction"]) for id in ids if id not in reasons}
    inputs = {id: stored[id]["input"] for id in predictions if "input" in stored[id]}
    scores = benchmark.score(list(predictions.values()))
    if set(scores.metrics()) != set(benchmark.metric_names):
        raise ValueError(f"{benchmark.name}.score returned {list(scores.metrics())}, not {benchmark.metric_names}")
    result = Result(predictions, dropped, scores, {**decided_by, "examples": len(examples), "limit": limit}, inputs)
    if log and jax.process_index() == 0:
        log.write_result(result.as_json())
    return result


def _settings(benchmark: Benchmark, predictor: Predictor, others: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that decides a prediction, as JSON values, and a hash of it."""
    settings = {
        "benchmark": benchmark.name,
        "protocol": benchmark.protocol,
        **{f"benchmark.{name}": value for name, value in benchmark.settings.items()},
        **{f"model.{name}": value for name, value in predictor.settings.items()},
        **others,
        "versions": {"timesuite_jax": __version__, "jax": jax.__version__},
        "platform": jax.default_backend(),
    }
    settings = json.loads(json.dumps(settings))
    return {**settings, "hash": hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]}


def _answer(
    benchmark: Benchmark[ExampleT, PromptT, AnswerT, PredictionT],
    predictor: Predictor[PromptT, InputT, AnswerT],
    examples: Sequence[ExampleT],
    pending: Sequence[int],
    batch_size: int,
    log: PredictionLog | None,
    threads: int,
    on_progress: Callable[[int], None],
) -> dict[str, dict[str, Any]]:
    """Answers the pending examples; returns "answered" (entries of the log) and "dropped" (reasons) by example id."""
    share, rows = shard_batches(batch_size)
    answered: dict[str, Any] = {}
    dropped: dict[str, str] = {}
    batch: list[tuple[ExampleT, InputT, dict[str, Any]]] = []
    batches = reported = 0
    write_error: UserError | None = None

    def answer_batch() -> None:
        nonlocal batches, reported, write_error
        answers = predictor.predict([prepared for _, prepared, _ in batch], rows)
        new = {
            example.id: {
                "prediction": dataclasses.asdict(benchmark.read(answer, example)),  # pyright: ignore[reportArgumentType]
                **shown,
            }
            for (example, _, shown), answer in zip(batch, answers, strict=True)
        }
        if log and new and write_error is None:
            try:
                log.append(new)
            except UserError as error:
                if jax.process_count() == 1:
                    raise
                write_error = error  # the other processes wait for this one's batches; raised in all at the end
        answered.update(new)
        batch.clear()
        batches += 1
        done = min(len(pending), share.count * (len(answered) + len(dropped)))  # the others are about as far
        on_progress(done - reported)
        reported = done

    def prepare(place: int) -> tuple[ExampleT, InputT | UserError, dict[str, Any]]:
        example = examples[place]
        try:
            prepared = predictor.prepare(benchmark.prompt(example))
        except UserError as error:
            return example, error, {}
        shown = {"input": dict(predictor.describe(prepared))} if isinstance(predictor, DescribesInputs) else {}
        return example, prepared, shown

    for example, prepared, shown in map_ahead(prepare, pending[share.index :: share.count], threads):
        if isinstance(prepared, UserError):
            dropped[example.id] = str(prepared)
        else:
            batch.append((example, prepared, shown))
        if len(batch) == rows:
            answer_batch()
    if batch:
        answer_batch()
    if share.count > 1:  # as many batches as the process with the largest share, none of it dropped, may have
        largest = -(-len(pending) // share.count)
        while batches < -(-largest // rows):
            answer_batch()
    on_progress(len(pending) - reported)

    def check_written() -> None:
        if write_error is not None:
            raise write_error

    parallel.run_on_all_processes(check_written)
    return _allgather({"answered": answered, "dropped": dropped})


def _allgather(mine: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The union over all processes of dictionaries by example id; processes with the same share have the same entries.

    All processes must call it at the same place, so it is a barrier too.
    """
    parts = [json.loads(line) for line in parallel.allgather_strings([json.dumps(mine)])]
    return {name: {id: value for part in parts for id, value in part[name].items()} for name in mine}
