"""Presets of the stages for the TPUs that they fit: `timesuite train configs/internvideo2/pretrain_6b.py:v6e-256`.

Each sets a mesh. Batches are upstream's on every TPU, since learning rates were set for them. `docs/aot.md` has their
memory and FLOPs.
"""

import dataclasses

from ml_collections import ConfigDict

from timesuite_jax.errors import UserError


@dataclasses.dataclass(frozen=True)
class Pod:
    """A TPU topology and the sharding of training on it."""

    topology: str  # as in `timesuite aot --topology`
    chips: int
    # Chips that parameters are sharded over: a divisor of the encoders' widths, 1408 and 3200, which 256 is not.
    fsdp: int

    def place(self, config: ConfigDict) -> None:
        """Sets the mesh of a run: the chips beside `fsdp` split the batch only.

        Raises:
          UserError: if the clips of a step cannot be split over the chips.
        """
        data = config.data
        if (clips := data.batch_size * data.get("num_sample", 1)) % self.chips:
            raise UserError(
                f"the run's {clips} clips a step cannot be split over the {self.chips} chips of {self.topology}; "
                "choose a smaller TPU"
            )
        config.training.mesh.update(replica=1, data=-1, fsdp=self.fsdp, tensor=1)


# Student, moments and gradients take 16 GB and the frozen teachers 14, of 16 chips' 256 GB.
PODS_1B = {"v5e-256": Pod("v5e:16x16", 256, fsdp=16)}
# 95 GB of student, moments and gradients. v5p-128 is named by its cores, two per chip.
PODS_6B = {"v5p-128": Pod("v5p:4x4x4", 64, fsdp=16), "v6e-256": Pod("v6e:16x16", 256, fsdp=16)}
# A student and its teacher fit on one chip, so that only gradients are exchanged.
PODS_DISTILL = {"v5e-256": Pod("v5e:16x16", 256, fsdp=1)}
