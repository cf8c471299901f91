"""One process of several that evaluate an untrained tests/support/tiny_config.py.

`answer_together.py CORPUS VIDEO FOLDER OUT` answers all records of a corpus, each process its share, stores them in
FOLDER, evaluates again from there, and answers one question about one video, all processes together.
"""

import json
import sys
from pathlib import Path
from typing import Any, cast

import jax
import numpy as np

from tests.support import tiny_config
from timesuite_jax import parallel
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation import run_benchmark
from timesuite_jax.registry import build
from timesuite_jax.videochat_t.answering.ask import ask
from timesuite_jax.videochat_t.answering.placement import spread_clips
from timesuite_jax.videochat_t.benchmarks.grounding import GroundingBenchmark
from timesuite_jax.videochat_t.task import VideoChatTask


def answer(corpus: str, video: str, folder: str) -> dict[str, Any]:
    """Answers to each record, dropped records, the answer about the video, and the error for videos that differ between
    processes.
    """
    config = tiny_config.get_config(corpus)
    config.model.tape = False  # the same in every process, and long to compile
    task = cast(VideoChatTask, build(config))
    devices = jax.devices()
    mesh = parallel.make_mesh(devices=devices if jax.process_count() > 1 else devices[:1])
    with parallel.mesh_context(mesh, parallel.DEFAULT_RULES):
        everywhere = parallel.batch_sharding(mesh, {"batch": ()})
        params = jax.jit(task.init, out_shardings=everywhere)(jax.random.key(0))
        progress: list[int] = []

        def evaluate(limit: int | None) -> Any:
            progress.clear()
            benchmark, predictor = GroundingBenchmark([corpus]), task.predictor(params)
            return run_benchmark(
                benchmark, predictor, batch_size=2, limit=limit, folder=Path(folder), on_progress=progress.append
            )

        evaluate(3)  # as if killed after three examples
        result = evaluate(None)
        single = ask(task.answerer(params), task.processor(), video, "When is the red circle visible?")
        refusal = ""
        try:
            if jax.process_count() > 1:
                others = np.full((1, 1, 1, 2, 2, 3), jax.process_index(), np.uint8)
                spread_clips(others, parallel.batch_sharding(mesh, {"batch": ()}), 1)
        except UserError as error:
            refusal = str(error)
    answers = [[one.id, one.truth, one.answer] for one in result.predictions.values()]
    dropped = [[one.id, one.reason] for one in result.dropped]
    return {
        "answers": answers,
        "dropped": dropped,
        "single": single.answer,
        "progress": sum(progress),
        "refusal": refusal,
    }


if __name__ == "__main__":
    parallel.join_processes()
    Path(sys.argv[4]).write_text(json.dumps(answer(*sys.argv[1:4])))
