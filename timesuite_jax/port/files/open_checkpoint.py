"""Opens what a user names: a folder or a file, by what it is and not by faith in its name."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from timesuite_jax.errors import UserError
from timesuite_jax.port.files.hf_folder import HfFolder
from timesuite_jax.port.files.orbax_folder import is_orbax, open_orbax
from timesuite_jax.port.files.pth import PthFile
from timesuite_jax.port.files.safetensors import SafetensorsFile
from timesuite_jax.port.files.source import Source
from timesuite_jax.port.loading_order import CheckpointLayer, ModelPort


def open_checkpoint(port: ModelPort, location: str | Path) -> Source:
    """Opens a `.safetensors` file, a PyTorch zip checkpoint, a Hugging Face folder or an Orbax folder.

    Args:
      port: the model, whose table names the parameters of an Orbax folder; other files have names of their own.
      location: local path.

    Raises:
      UserError: if it is not there or none of these.
    """
    path = Path(location)
    with suppress(RuntimeError):  # There is no such user: it is not there.
        path = path.expanduser()  # No shell has, in a config or behind ROLE=.
    if path.is_dir():
        return open_orbax(port, path) if is_orbax(path) else HfFolder(path)
    if not path.is_file():
        raise UserError(f"{path} does not exist; give a .safetensors or .pth file, a Hugging Face or an Orbax folder")
    return SafetensorsFile(path) if path.suffix == ".safetensors" else PthFile(path)


def open_layers(port: ModelPort, words: Sequence[str]) -> list[CheckpointLayer]:
    """Opens files given as `ROLE=PATH` and puts them into the original's loading order.

    Args:
      port: the model, whose roles are known.
      words: `role=path`; a path alone is a complete checkpoint (the last role).

    Raises:
      UserError: on an unknown role, a role given twice, or a file that cannot be read.
    """
    roles = {role.name: role for role in port.roles if not role.computed}
    layers: dict[str, CheckpointLayer] = {}
    for word in words:
        name, equals, location = word.partition("=")
        if not equals or Path(word).exists():
            name, location = port.roles[-1].name, word
        if not location:
            raise UserError(f"{word!r} names no file; write PATH, or ROLE=PATH, or leave it out")
        if name not in roles:
            raise UserError(f"{word}: there is no role {name!r}; {port.title} knows {', '.join(roles)}")
        if name in layers:
            raise UserError(f"{word}: {name} was given before ({layers[name].source.name}); give it once")
        layers[name] = CheckpointLayer(roles[name], open_checkpoint(port, location))
    return [layers[name] for name in roles if name in layers]
