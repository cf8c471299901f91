"""Compiler flags that matter for speed, each with its reason: `python launch/performance_flags.py v5e [--slices N]`.

The line that this prints is what the other scripts set on the machines. To see with `timesuite aot` what they will run,
compile with the same: `LIBTPU_INIT_ARGS="$(python launch/performance_flags.py v5e)" timesuite aot ...`.

Names and meanings are those of MaxText's table (AI-Hypercomputer/maxtext, src/maxtext/configs/README.md), which sets
them for its published runs on v5e and v5p, and of its benchmarks/xla_flags_library.py for v6e; libtpu 0.0.42.1 knows
all of them. What each of them gives this model has not been measured: that needs the chips.
"""

import argparse
from typing import NamedTuple

GENERATIONS = ("v5e", "v5p", "v6e")


class Flag(NamedTuple):
    """One flag and why it is set."""

    name: str
    value: str
    why: str

    def __str__(self) -> str:
        return f"--{self.name}={self.value}"


# With fsdp every layer first gathers its weights from the other chips. Left alone, a chip waits for them; these let the
# gather of the next layer run under the arithmetic of this one.
_OVERLAP = (
    Flag("xla_enable_async_all_gather", "true", "a gather is started, and waited for only where it is needed"),
    Flag("xla_tpu_enable_async_collective_fusion", "true", "what is computed in between is fused with it"),
    Flag("xla_tpu_enable_async_collective_fusion_fuse_all_gather", "true", "gathers of weights too, not sums alone"),
    Flag("xla_tpu_enable_async_collective_fusion_multiple_steps", "true", "a long gather spans several computations"),
    Flag("xla_tpu_overlap_compute_collective_tc", "true", "the core that computes also drives the transfer"),
)
# Between slices gradients are summed over the data centre's network, ten times slower than the chips' own.
_SLICES = (
    Flag("xla_tpu_enable_data_parallel_all_reduce_opt", "true", "that sum runs under the rest of the backward pass"),
    Flag("xla_tpu_data_parallel_opt_different_sized_ops", "true", "also where tensors of a layer differ in size"),
)
# v6e has room for larger tiles in its vector memory; the default keeps most of it for prefetching.
_V6E = (Flag("xla_tpu_scoped_vmem_limit_kib", "98304", "larger tiles: for dense models, which compute limits"),)

GPU = (Flag("xla_gpu_enable_latency_hiding_scheduler", "true", "collectives run under the arithmetic around them"),)


def tpu_flags(generation: str, slices: int = 1) -> tuple[Flag, ...]:
    """The flags for one generation of chips ("v5e", "v5p", "v6e")."""
    return _OVERLAP + (_V6E if generation == "v6e" else ()) + (_SLICES if slices > 1 else ())


def line(flags: tuple[Flag, ...]) -> str:
    """As an environment variable has them."""
    return " ".join(map(str, flags))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("generation", choices=GENERATIONS)
    parser.add_argument("--slices", type=int, default=1)
    options = parser.parse_args()
    print(line(tpu_flags(options.generation, options.slices)))
