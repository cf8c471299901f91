"""One process of several that evaluate an untrained tests/support/tiny_config.py: `answer_together.py CORPUS FILM OUT`
answers all records, each process its share, and then one question about one film, all processes together.
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
from timesuite_jax.registry.load import build
from timesuite_jax.videochat_t.answering.answerer import _spread
from timesuite_jax.videochat_t.answering.ask import ask
from timesuite_jax.videochat_t.benchmarks.grounding import evaluate_grounding
from timesuite_jax.videochat_t.task import VideoChatTask


def answer(corpus: str, film: str) -> dict[str, Any]:
    """What the model says to each record, what could not be asked, what it says to the film, and whether it refuses
    films that are not the same in all processes.
    """
    task = cast(VideoChatTask, build(tiny_config.get_config(corpus)))
    mesh = parallel.make_mesh()
    with parallel.mesh_context(mesh, parallel.DEFAULT_RULES):
        everywhere = parallel.batch_sharding(mesh, {"batch": ()})
        params = jax.jit(task.init, out_shardings=everywhere)(jax.random.key(0))
        answerer, preparer = task.answerer(params), task.preparer()
        dealt_with: list[int] = []
        found = evaluate_grounding(answerer, preparer, [corpus], batch_size=2, on_progress=dealt_with.append)
        asked = ask(answerer, preparer, film, "When is the red circle visible?")
        refusal = ""
        try:
            if jax.process_count() > 1:
                others = np.full((1, 1, 1, 2, 2, 3), jax.process_index(), np.uint8)
                _spread(others, parallel.batch_sharding(mesh, {"batch": ()}), 1)
        except UserError as error:
            refusal = str(error)
    answers = [[one.prompt.id, one.prompt.spans, one.text] for one in found.predictions]
    dropped = [[one.id, one.reason] for one in found.dropped]
    told = {"answers": answers, "dropped": dropped, "asked": asked.answer}
    return {**told, "dealt with": sum(dealt_with), "refusal": refusal}


if __name__ == "__main__":
    parallel.join_processes()
    Path(sys.argv[3]).write_text(json.dumps(answer(*sys.argv[1:3])))
