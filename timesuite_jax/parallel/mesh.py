"""The device mesh: four axes named by meaning.

`replica` replicates parameters, and is the only axis across slices, which a slow network connects; `data` splits the
batch, `fsdp` splits the batch and the parameters (arXiv:2004.13336), `tensor` splits the width of a layer
(arXiv:1909.08053). The order is from the slowest network to the fastest, so that the axis with most communication is on
neighboring chips.
"""

import dataclasses
import math
from collections.abc import Sequence

import jax
from jax.experimental import mesh_utils
from jax.sharding import AxisType, Mesh

from timesuite_jax.errors import UserError

MESH_AXES = ("replica", "data", "fsdp", "tensor")


@dataclasses.dataclass(frozen=True)
class MeshSpec:
    """Size of each mesh axis; one of them may be -1: the devices that the other axes leave."""

    replica: int = 1
    data: int = -1
    fsdp: int = 1
    tensor: int = 1

    def resolve(self, devices: int) -> tuple[int, ...]:
        """Sizes in the order of `MESH_AXES` for this number of devices.

        Raises:
          UserError: if the sizes do not multiply to `devices`.
        """
        sizes = {axis: getattr(self, axis) for axis in MESH_AXES}
        wrong = [f"mesh.{axis}={size}" for axis, size in sizes.items() if size == 0 or size < -1]
        free = [axis for axis, size in sizes.items() if size == -1]
        if wrong or len(free) > 1:
            raise UserError(
                f"{', '.join(wrong or [f'mesh.{axis}=-1' for axis in free])}: a mesh axis is at least 1, "
                "and at most one axis is -1 (the rest of the devices)"
            )
        taken = math.prod(size for size in sizes.values() if size > 0)
        if devices % taken or (not free and taken != devices):
            given = ", ".join(f"mesh.{axis}={size}" for axis, size in sizes.items())
            raise UserError(
                f"{given} need {'a multiple of ' if free else ''}{taken} devices but there are {devices}; "
                "change one of these sizes, or set one of them to -1"
            )
        return tuple(devices // taken if size == -1 else size for size in sizes.values())


def make_mesh(spec: MeshSpec | None = None, devices: Sequence[jax.Device] | None = None) -> Mesh:
    """A mesh of the devices with the axes `MESH_AXES`.

    Axis types are Auto, which linen's logical constraints need: GSPMD propagates the shardings.

    Args:
      spec: sizes; by default all devices on `data`.
      devices: by default all devices of all processes.

    Raises:
      UserError: if the sizes do not fit the number of devices, or `replica` the number of slices.
    """
    devices = jax.devices() if devices is None else list(devices)
    sizes = (spec or MeshSpec()).resolve(len(devices))
    # On other platforms "slice" means a machine, and a fast network may connect several.
    slices = len({getattr(device, "slice_index", 0) for device in devices}) if devices[0].platform == "tpu" else 1
    replica, *within = sizes
    if replica % slices:
        raise UserError(
            f"mesh.replica={replica} is not divisible by the {slices} slices of the devices; "
            f"set mesh.replica={slices}, the only axis across slices"
        )
    # Not every mesh fits whole rings of a TPU torus; splitting a ring is better than an error.
    torus = {"devices": devices, "allow_split_physical_axes": True}
    if slices == 1:
        grid = mesh_utils.create_device_mesh(sizes, **torus)
    else:
        grid = mesh_utils.create_hybrid_device_mesh((replica // slices, *within), (slices, 1, 1, 1), **torus)
    return Mesh(grid, MESH_AXES, axis_types=(AxisType.Auto,) * len(MESH_AXES))
