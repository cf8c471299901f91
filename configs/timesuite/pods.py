"""What a stage sets on the TPUs that it is known to fit: `timesuite train configs/timesuite/linear_p.py:v5e-256`.

Each is a mesh, a batch of one sample a chip, and what the language model keeps of its layers for the backward pass;
`docs/aot.md` says what is known of them. The original trains with a batch of 32 in all. A larger one takes
fewer steps, and the schedule counts in epochs; whether the recipe's learning rate still is the best one there is not
known.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Pod:
    """A TPU and how to lay training over it."""

    topology: str  # as `timesuite aot --topology` takes it
    chips: int  # of all slices
    # Chips that the parameters are split over, no more than memory asks for: the fewer, the shorter a gather and the
    # sums of tensors too small to be gathered, which libtpu does not hide: of 64 chips 5.4 GB a step, of 16 only 1.0.
    fsdp: int
    slices: int = 1
    remat: str = "dots"  # 16 GB hold the products of a sample's layers, not all that is made of them


PODS = {
    "v5e-64": Pod("v5e:8x8", 64, fsdp=16),
    "v5e-256": Pod("v5e:16x16", 256, fsdp=16),
    # Named by its cores, two a chip. Its 95 GB hold all; split, libtpu 0.0.42 would sum where it should gather.
    "v5p-128": Pod("v5p:4x4x4", 64, fsdp=1, remat="none"),
    "v6e-256": Pod("v6e:16x16", 256, fsdp=4, remat="none"),
    # Over 16 chips a slice stage A would fit just so, and libtpu then gives up hiding gathers (1 % instead of 94).
    "2x-v5e-64": Pod("v5e:8x8", 128, fsdp=32, slices=2),
    "2x-v5e-256": Pod("v5e:16x16", 512, fsdp=32, slices=2),
}
