"""Compiler flags for speed, each with its reason: `python launch/performance_flags.py v5e [--slices N]`.

The other launch scripts set the printed line on the hosts. To analyse the same programs with `timesuite aot`, set
it, too: `LIBTPU_INIT_ARGS="$(python launch/performance_flags.py v5e)" timesuite aot ...`.

Names and meanings are those of MaxText's table (AI-Hypercomputer/maxtext, src/maxtext/configs/README.md), which sets
them for its published runs on v5e and v5p, and of its benchmarks/xla_flags_library.py for v6e; libtpu 0.0.42.1 accepts
all of them. Their effect on this model has not been measured, which requires TPUs.
"""

import argparse
from typing import NamedTuple

GENERATIONS = ("v5e", "v5p", "v6e")


class Flag(NamedTuple):
    """A flag and its reason."""

    name: str
    value: str
    why: str

    def __str__(self) -> str:
        return f"--{self.name}={self.value}"


# With fsdp every layer all-gathers its weights. By default a chip waits for them; these flags overlap the all-gather of
# the next layer with the compute of the current one.
_OVERLAP = (
    Flag("xla_enable_async_all_gather", "true", "all-gathers are asynchronous"),
    Flag("xla_tpu_enable_async_collective_fusion", "true", "fuses them with the compute in between"),
    Flag("xla_tpu_enable_async_collective_fusion_fuse_all_gather", "true", "also all-gathers, not only all-reduces"),
    Flag(
        "xla_tpu_enable_async_collective_fusion_multiple_steps",
        "true",
        "overlaps with several computations",
    ),
    Flag("xla_tpu_overlap_compute_collective_tc", "true", "the TensorCore also drives the transfer"),
)
# Between slices gradients are all-reduced over the data centre's network, which is ten times slower than ICI.
_SLICES = (
    Flag("xla_tpu_enable_data_parallel_all_reduce_opt", "true", "overlaps the all-reduce with the backward pass"),
    Flag("xla_tpu_data_parallel_opt_different_sized_ops", "true", "also for tensors of different sizes"),
)
# v6e has vector memory for larger tiles; the default reserves most of it for prefetching.
_V6E = (Flag("xla_tpu_scoped_vmem_limit_kib", "98304", "larger tiles, for compute-bound dense models"),)

GPU = (Flag("xla_gpu_enable_latency_hiding_scheduler", "true", "overlaps collectives with compute"),)


def tpu_flags(generation: str, slices: int = 1) -> tuple[Flag, ...]:
    """The flags for one generation of chips ("v5e", "v5p", "v6e")."""
    return _OVERLAP + (_V6E if generation == "v6e" else ()) + (_SLICES if slices > 1 else ())


def line(flags: tuple[Flag, ...]) -> str:
    """The flags as the value of an environment variable."""
    return " ".join(map(str, flags))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("generation", choices=GENERATIONS)
    parser.add_argument("--slices", type=int, default=1)
    options = parser.parse_args()
    print(line(tpu_flags(options.generation, options.slices)))
