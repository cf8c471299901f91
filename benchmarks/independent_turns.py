"""Four questions on one video in one row, against one question, and against a row for each: CPU time and gradients.

    python benchmarks/independent_turns.py           # a table; two minutes
    python benchmarks/independent_turns.py --json    # one JSON object

Forward and backward of the medium model of `step_speed.py`, with what stages A and B train and rematerialize. What
precedes the questions (system prompt, video, time stamps of 64 frames) has 564 tokens; a question has 30 and its answer
20, as those of temporal grounding with Mistral's vocabulary. The target is at most 1.35 times the CPU time of one
question, with gradients equal to those of four rows within 1e-5 of the largest.
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from typing import Any

os.environ["JAX_PLATFORMS"] = "cpu"

import command_line
import jax
import numpy as np
from flax import linen as nn
from jax_videochat import TRAINED, loss, spec
from rich.console import Console
from rich.table import Table
from workload import MEDIUM, TINY, Shape, Sizes, make_batch

from timesuite_jax import param_tree
from timesuite_jax.parallel import compiler_options
from timesuite_jax.progress import track
from timesuite_jax.videochat_t.model.videochat_t import VideoChatT

QUESTIONS, QUESTION, ANSWER = 4, 30, 20
TARGET = 1.35


def batches(sizes: Sizes, shared: int) -> dict[str, dict[str, np.ndarray]]:
    """One question in a row, four in a row, and four in a row each."""
    own = QUESTION + ANSWER
    clip_text = min(64, sizes.bert_positions - sizes.queries)
    whole = make_batch(sizes, Shape(clip_text=clip_text, length=shared + QUESTIONS * own, answer=0))
    index = np.arange(shared + QUESTIONS * own)
    turn = np.where(index < shared, 0, (index - shared) // own + 1)
    answered = (turn > 0) & ((index - shared) % own >= QUESTION)
    whole |= {"loss_mask": answered[None], "segments": turn[None].astype(np.int32)}

    def row(number: int) -> dict[str, np.ndarray]:
        columns = np.flatnonzero((turn == 0) | (turn == number))
        fields = ("tokens", "visual_slot", "loss_mask", "valid")
        single = {name: array for name, array in whole.items() if name != "segments"}
        return single | {name: whole[name][:, columns] for name in fields}

    rows = [row(number) for number in range(1, QUESTIONS + 1)]
    apart = {name: np.concatenate([one[name] for one in rows]) for name in rows[0]}
    return {"one question": rows[0], "four questions, one row": whole, "four rows": apart}


def compile_gradient(sizes: Sizes, inputs: dict[str, dict[str, np.ndarray]]) -> Callable[[str], Any]:
    """A call that computes the gradient of a batch."""
    model = VideoChatT(spec(sizes, remat=True))
    params = nn.meta.unbox(jax.jit(model.init)(jax.random.key(0), inputs["one question"]))["params"]
    keys = iter(jax.random.split(jax.random.key(1), len(jax.tree.leaves(params))))
    # No zeros: they would hide the gradients of other layers.
    params = jax.tree.map(lambda leaf: leaf + 0.02 * jax.random.normal(next(keys), leaf.shape, leaf.dtype), params)
    trained, frozen = param_tree.split(params, lambda path: path[0] in TRAINED or path[-1].startswith("lora_"))
    gradient = jax.jit(
        jax.grad(lambda trained, frozen, batch: loss(model, trained, frozen, batch)),
        compiler_options=compiler_options("cpu"),
    )
    placed = jax.device_put(inputs)
    return lambda name: jax.block_until_ready(gradient(trained, frozen, placed[name]))


def difference(found: Any, expected: Any) -> float:
    """Largest difference of two gradients, relative to the largest entry."""
    pairs = list(zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True))
    return max(float(abs(one - other).max()) for one, other in pairs) / max(float(abs(b).max()) for _, b in pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=10, help="interleaved repetitions (%(default)s)")
    parser.add_argument("--tiny", action="store_true", help="a tiny model, to try the script")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args()
    inputs = batches(TINY if args.tiny else MEDIUM, 32 if args.tiny else 564)
    run = compile_gradient(TINY if args.tiny else MEDIUM, inputs)
    gradients = {name: run(name) for name in track(inputs, "compiling", len(inputs))}
    seconds: dict[str, list[float]] = {name: [] for name in inputs}
    for _ in track(range(args.repeats), "repetitions"):
        for name in inputs:
            start = time.process_time()
            run(name)
            seconds[name].append(time.process_time() - start)
    fastest = {name: min(times) for name, times in seconds.items()}
    result = {
        "cpu_seconds": fastest,
        "ratio": fastest["four questions, one row"] / fastest["one question"],
        "target": TARGET,
        "gradient_difference": difference(gradients["four questions, one row"], gradients["four rows"]),
    }
    if args.json:
        print(json.dumps(result))
        return
    table = Table("", "CPU seconds", "to one question", title="Forward and backward, fastest repetition")
    for name, value in fastest.items():
        table.add_row(name, f"{value:.3f}", f"{value / fastest['one question']:.2f}")
    Console().print(table)
    print(f"target of four questions in one row: at most {TARGET}")
    print(f"its gradients differ from those of four rows by {result['gradient_difference']:.1e} of the largest entry")


if __name__ == "__main__":
    command_line.run_main(main)
