"""One process of an evaluation: `answer_together.py CORPUS OUT` asks tests/tiny_config.py, fresh, about all records."""

import json
import sys
from pathlib import Path
from typing import cast

import jax
import tiny_config

from timesuite_jax import evaluation, parallel, tasks
from timesuite_jax.tasks.videochat_t import VideoChatTask


def answer(corpus: str) -> dict[str, list]:
    """What the model says to each record, and what could not be asked."""
    task = cast(VideoChatTask, tasks.build(tiny_config.get_config(corpus)))
    mesh = parallel.make_mesh()
    with parallel.placed(mesh, parallel.DEFAULT_RULES):
        everywhere = parallel.batch_sharding(mesh, {"batch": ()})
        params = jax.jit(task.init, out_shardings=everywhere)(jax.random.key(0))
        found = evaluation.evaluate_grounding(task.answerer(params), task.preparer(), [corpus], batch_size=2)
    answers = sorted([one.prompt.id, one.prompt.spans, one.text] for one in found.predictions)
    return {"answers": answers, "dropped": [[one.id, one.reason] for one in found.dropped]}


if __name__ == "__main__":
    parallel.join_processes()
    Path(sys.argv[2]).write_text(json.dumps(answer(sys.argv[1])))
