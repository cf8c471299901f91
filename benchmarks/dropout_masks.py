"""Hashed dropout masks against JAX's generators on CPU: time of one dropout, and whether masks depend on the mesh.

    python benchmarks/dropout_masks.py            # a table; under a minute

"hashed" is what `layers.Dropout` draws; "rbg" and "threefry2x32" draw by `jax.random.bits` with a key of that
implementation. The array is [614, 1024]: the hidden states of the medium model of `step_speed.py` at the width of a
feed-forward block. Repetitions alternate in one process, and the result is the ratio of the fastest ones: what else the
machine does slows all of them.
"""

import argparse
import os
import time
from collections.abc import Callable

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_force_host_platform_device_count=8"

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec
from rich.console import Console
from rich.table import Table

from timesuite_jax.layers import dropout, mask_key
from timesuite_jax.progress import track

FORMS = ("hashed", "rbg", "threefry2x32")
SHAPE, RATE = (614, 1024), 0.1


def make_key(form: str) -> jax.Array:
    """The key of a stream."""
    return mask_key(jax.random.key(0)) if form == "hashed" else jax.random.key(0, impl=form)


def draw(form: str, key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """The 32 random bits an entry that are compared with the rate."""
    return dropout.hash_bits(key, shape) if form == "hashed" else jax.random.bits(key, shape, jnp.uint32)


def make_dropout(form: str) -> Callable[[], None]:
    """One dropout of activations, compiled."""
    key, x = make_key(form), jnp.ones(SHAPE)
    drop = jax.jit(lambda key, x: jnp.where(draw(form, key, x.shape) < np.uint32(RATE * 2**32), 0.0, x))
    return lambda: jax.block_until_ready(drop(key, x))


def same_on_every_mesh(form: str) -> bool:
    """Whether a mask that 8 devices draw, sharded by rows, columns or both, is the mask of one device."""
    masks = []
    for sizes, spec in (((8, 1), ()), ((8, 1), ("x",)), ((8, 1), (None, "x")), ((2, 4), ("x", "y"))):
        sharding = NamedSharding(jax.make_mesh(sizes, ("x", "y")), PartitionSpec(*spec))
        masks.append(jax.jit(lambda key: draw(form, key, (64, 96)), out_shardings=sharding)(make_key(form)))
    return all(bool((np.asarray(mask) == np.asarray(masks[0])).all()) for mask in masks)


def measure(repeats: int) -> dict[str, float]:
    """Seconds of the fastest repetition of each form."""
    drops = {form: make_dropout(form) for form in FORMS}
    seconds: dict[str, list[float]] = {form: [] for form in FORMS}
    for drop in drops.values():
        drop()
    for _ in track(range(repeats), "repetitions"):
        for form, drop in drops.items():
            start = time.perf_counter()
            drop()
            seconds[form].append(time.perf_counter() - start)
    return {form: min(times) for form, times in seconds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=60, help="repetitions of each form")
    seconds = measure(parser.parse_args().repeats)
    table = Table("masks", "fastest, ms", "ratio to hashed", "same on every mesh")
    for form, fastest in seconds.items():
        ratio = fastest / seconds["hashed"]
        table.add_row(form, f"{fastest * 1e3:.2f}", f"{ratio:.1f}", "yes" if same_on_every_mesh(form) else "no")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
