"""Whether this machine has TPU chips, from their device files: JAX would load libtpu to find out."""

from pathlib import Path


def has_tpu(devices: Path = Path("/dev")) -> bool:
    """Whether there are device files of TPU chips, or of other devices that a virtual machine is given as a whole.

    Args:
      devices: folder of the device files.
    """
    return any(devices.glob("accel[0-9]*")) or any((devices / "vfio").glob("[0-9]*"))
