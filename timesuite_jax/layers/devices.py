"""The devices that a program is traced for."""

import jax


def platform() -> str:
    """Platform of the mesh's devices, which may be absent (`aot.make_plan`); without a mesh the default one."""
    device = jax.sharding.get_abstract_mesh().abstract_device
    return device.platform if device is not None else jax.default_backend()


def is_one_device() -> bool:
    """Whether arrays are not sharded, so that axes can be merged and looped over at no cost."""
    mesh = jax.sharding.get_abstract_mesh()
    return mesh.empty or mesh.size == 1
