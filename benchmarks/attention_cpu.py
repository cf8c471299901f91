"""Attention on CPU: this project's blocks of queries against `jax.nn.dot_product_attention`, time and memory.

    python benchmarks/attention_cpu.py            # a table; under a minute

The shapes are those of the medium model of `step_speed.py`: the language model, forward and backward, and the vision
tower, which is frozen, forward only and with its gradients. Repetitions of both alternate in one process, so that other
load slows both, and the ratio is that of the fastest.
"""

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

os.environ["JAX_PLATFORMS"] = "cpu"

import command_line
import jax
import jax.numpy as jnp
from rich.console import Console
from rich.table import Table

from timesuite_jax.layers import attention
from timesuite_jax.parallel import compiler_options
from timesuite_jax.progress import track

# name -> samples, positions, heads, key-value heads, head width, causal
SHAPES = {
    "language model (614 positions)": (1, 614, 8, 4, 32, True),
    "vision tower (8 clips, 129 tokens)": (8, 129, 4, 4, 64, False),
}
FORMS = ("blockwise", "xla")


def compile_form(form: str, shape: tuple[Any, ...], *, backward: bool) -> tuple[Callable[[], object], float]:
    """A call of the compiled program, and the MiB of its temporaries."""
    samples, length, heads, kv_heads, width, causal = shape
    keys = jax.random.split(jax.random.key(0), 3)
    q, k, v = (
        jax.random.normal(key, (samples, length, number, width))
        for key, number in zip(keys, (heads, kv_heads, kv_heads), strict=True)
    )

    def forward(*args: jax.Array) -> jax.Array:
        return attention(*args, causal=causal, impl=form)

    def gradients(*args: jax.Array) -> tuple[jax.Array, ...]:
        return jax.grad(lambda *args: jnp.sum(forward(*args) ** 2), argnums=(0, 1, 2))(*args)

    program = jax.jit(gradients if backward else forward, compiler_options=compiler_options("cpu"))
    compiled = program.lower(q, k, v).compile()
    return lambda: jax.block_until_ready(compiled(q, k, v)), compiled.memory_analysis().temp_size_in_bytes / 2**20


def fastest(runs: dict[str, Callable[[], object]], repeats: int, what: str) -> dict[str, float]:
    """Milliseconds of the fastest repetition of each form."""
    times: dict[str, list[float]] = {form: [] for form in runs}
    for _ in track(range(repeats + 1), what):
        for form, run in runs.items():
            start = time.perf_counter()
            run()
            times[form].append(time.perf_counter() - start)
    return {form: 1e3 * min(seconds[1:]) for form, seconds in times.items()}  # the first one warms up


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=30, help="repetitions of each form (default %(default)s)")
    repeats = parser.parse_args().repeats
    table = Table("attention", "passes", *(f"{form}, {unit}" for unit in ("ms", "MiB") for form in FORMS), "ratio")
    for name, shape in SHAPES.items():
        for passes, backward in (("forward", False), ("forward and backward", True)):
            made = {form: compile_form(form, shape, backward=backward) for form in FORMS}
            times = fastest({form: run for form, (run, _) in made.items()}, repeats, f"{name}, {passes}")
            cells = [f"{times[form]:.1f}" for form in FORMS] + [f"{made[form][1]:.1f}" for form in FORMS]
            table.add_row(name, passes, *cells, f"{times['xla'] / times['blockwise']:.1f}")
    Console(width=120).print(table)


if __name__ == "__main__":
    command_line.run_main(main)
