"""Hashed dropout masks against JAX's generators on CPU: one dropout, a whole training step, and masks under meshes.

    python benchmarks/dropout_masks.py            # two tables; about three minutes
    python benchmarks/dropout_masks.py --json     # one JSON object

"hashed" is what `layers.Dropout` draws; "rbg" and "threefry2x32" draw by `jax.random.bits` with a key of that
implementation. The one dropout is of a [614, 1024] array, the hidden states of the medium model of `step_speed.py` at
the width of a feed-forward block; the step is that model's, with the released rates of dropout, forward, backward and
AdamW. Repetitions of the forms alternate in one process, so that other load slows all of them, and the ratio is that of
the fastest.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Mapping

os.environ["JAX_PLATFORMS"] = "cpu"

import command_line
import jax
import jax.numpy as jnp
import numpy as np
from dropout_step import make_training_steps
from mask_forms import FORMS, draw, make_key
from rich.console import Console
from rich.table import Table
from side_process import SideProcess
from workload import MEDIUM, TINY, TINY_SHAPE, Shape

from timesuite_jax.progress import track

SHAPE, RATE = (614, 1024), 0.1


def make_dropout(form: str) -> Callable[[], None]:
    """One dropout of activations, compiled."""
    key, x = make_key(form, jax.random.key(0)), jnp.ones(SHAPE)
    drop = jax.jit(lambda key, x: jnp.where(draw(form, key, x.shape) < np.uint32(RATE * 2**32), 0.0, x))
    return lambda: jax.block_until_ready(drop(key, x))


def measure(runs: Mapping[str, Callable[[], object]], repeats: int, what: str) -> dict[str, float]:
    """Seconds of the fastest repetition of each form, after one that compiles."""
    seconds: dict[str, list[float]] = {form: [] for form in runs}
    for run in track(runs.values(), f"{what}: compiling", len(runs)):
        run()
    for _ in track(range(repeats), what):
        for form, run in runs.items():
            start = time.perf_counter()
            run()
            seconds[form].append(time.perf_counter() - start)
    return {form: min(times) for form, times in seconds.items()}


def print_table(title: str, seconds: Mapping[str, float], same: Mapping[str, bool]) -> None:
    """Prints the fastest repetitions of the forms."""
    table = Table("masks", "fastest, ms", "ratio to hashed", "same on every mesh", title=title)
    for form, fastest in seconds.items():
        ratio = fastest / seconds["hashed"]
        table.add_row(form, f"{fastest * 1e3:.2f}", f"{ratio:.2f}", "yes" if same[form] else "no")
    Console(width=100).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=60, help="repetitions of one dropout (default %(default)s)")
    parser.add_argument("--step-repeats", type=int, default=20, help="repetitions of a step (default %(default)s)")
    parser.add_argument("--tiny", action="store_true", help="a step of a tiny model, to test this script")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    sizes, shape = (TINY, TINY_SHAPE) if args.tiny else (MEDIUM, Shape())
    other = SideProcess("mask_forms")
    same = {form: other.run(form).value for form in track(FORMS, "meshes")}
    other.close()
    one = measure({form: make_dropout(form) for form in FORMS}, args.repeats, "one dropout")
    steps = measure(make_training_steps(FORMS, sizes, shape), args.step_repeats, "training step")
    if args.json:
        print(json.dumps({"dropout_seconds": one, "step_seconds": steps, "same_on_every_mesh": same}))
        return
    print_table(f"one dropout of a {list(SHAPE)} array", one, same)
    print_table("a training step of the medium model", steps, same)


if __name__ == "__main__":
    command_line.run_main(main)
