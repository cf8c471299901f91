"""The patch embedding of an encoder of images, as one of clips of one frame."""

import functools

from timesuite_jax.port import CheckpointLayer
from timesuite_jax.port.changed_tensors import Change
from timesuite_jax.port.inflated_kernels import inflate_kernel


def image_kernel(layer: CheckpointLayer, prefix: str) -> dict[str, Change]:
    """The change of a kernel that has no axis of time; none if the file has no such kernel.

    Args:
      layer: a file.
      prefix: of the encoder's keys in the table.
    """
    if (key := layer.keys.get(f"{prefix}patch_embed.proj.weight")) is None:
        return {}
    shape = layer.source.infos[key].shape
    if len(shape) != 4:
        return {}
    return {key: ((*shape[:2], 1, *shape[2:]), functools.partial(inflate_kernel, frames=1))}
