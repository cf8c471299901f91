"""Opens a file of weights by its content, whatever its suffix: downloads are often renamed."""

from pathlib import Path

from timesuite_jax.errors import UserError
from timesuite_jax.port.files.pth import PthFile
from timesuite_jax.port.files.safetensors import SafetensorsFile
from timesuite_jax.port.files.source import Source
from timesuite_jax.storage.foreign_files import refuse_foreign

_ZIP = b"PK\x03\x04"


def open_file(path: Path) -> Source:
    """A `.safetensors` file or a checkpoint of PyTorch.

    Raises:
      UserError: if it is neither, is damaged, or cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(16)
    if head[8:9] == b"{":  # the header of safetensors, behind its length
        return SafetensorsFile(path)
    refuse_foreign(path)
    if head[:1] in (b"{", b"["):
        raise UserError(f"{path} is JSON, not weights; give the .safetensors or .pth file, or its folder")
    if path.suffix == ".safetensors" and not head.startswith(_ZIP):
        return SafetensorsFile(path)  # which names what is wrong with it
    return PthFile(path)
