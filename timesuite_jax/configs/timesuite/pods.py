"""Presets of the stages for the TPUs that they fit: `timesuite train configs/timesuite/linear_p.py:v5e-256`.

Each sets a mesh, microbatches of one sample per chip, and the rematerialisation of the language model; `docs/aot.md`
has their memory and FLOPs. Upstream trains with a total batch of 32. A larger batch takes fewer steps, since the
schedule counts in epochs; whether upstream's learning rate is still the best one is not known.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Pod:
    """A TPU topology and the sharding of training on it."""

    topology: str  # as in `timesuite aot --topology`
    chips: int  # of all slices
    # Chips that parameters are sharded over, no more than memory requires: fewer chips mean shorter all-gathers, and
    # fewer bytes in all-reduces of small tensors, which libtpu does not overlap: 5.4 GB a step on 64 chips, 1.0 on 16.
    fsdp: int
    slices: int = 1
    accumulate: int = 1  # microbatches of a step
    remat: str = "dots"  # 16 GB suffice for the matrix products of a sample's layers, not for all activations

    @property
    def batch(self) -> int:
        """Samples of a step."""
        return self.chips * self.accumulate


PODS = {
    # One host. Upstream's batch in four parts: a whole one would leave no memory to save products, whose recomputation
    # is a quarter of the step's FLOPs.
    "v5e-8": Pod("v5e:2x4", 8, fsdp=8, accumulate=4),
    "v5e-64": Pod("v5e:8x8", 64, fsdp=16),
    "v5e-256": Pod("v5e:16x16", 256, fsdp=16),
    # Named by its cores, two per chip. 95 GB hold all parameters; sharded, libtpu 0.0.42 all-reduces instead of
    # gathering.
    "v5p-128": Pod("v5p:4x4x4", 64, fsdp=1, remat="none"),
    "v6e-256": Pod("v6e:16x16", 256, fsdp=4, remat="none"),
    # With 16 chips per slice, stage A barely fits, and libtpu then stops overlapping all-gathers (1 % instead of 94).
    "2x-v5e-64": Pod("v5e:8x8", 128, fsdp=32, slices=2),
    "2x-v5e-256": Pod("v5e:16x16", 512, fsdp=32, slices=2),
}
