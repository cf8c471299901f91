"""Opens checkpoints that a user names: a folder or a file, recognized by its content where the name does not decide."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from timesuite_jax.errors import UserError
from timesuite_jax.port.files.hf_folder import HfFolder
from timesuite_jax.port.files.orbax_reader import OrbaxParams, is_orbax
from timesuite_jax.port.files.pth import PthFile
from timesuite_jax.port.files.safetensors import SafetensorsFile
from timesuite_jax.port.files.source import Source
from timesuite_jax.port.loading_order import CheckpointLayer, ModelPort
from timesuite_jax.port.quantize import path_in_files
from timesuite_jax.port.tree_source import TreeSource


def open_checkpoint(port: ModelPort, location: str | Path) -> Source:
    """Opens a `.safetensors` file, a PyTorch zip checkpoint, a Hugging Face folder or an Orbax folder.

    Args:
      port: the model, whose table names the parameters of an Orbax folder; other files have names of their own.
      location: local path.

    Raises:
      UserError: if it does not exist or is none of these.
    """
    path = Path(location)
    with suppress(RuntimeError):  # an unknown user: reported below as a path that does not exist
        path = path.expanduser()  # the shell does not expand `~` in a config or behind ROLE=
    if path.is_dir():
        return open_orbax(port, path) if is_orbax(path) else HfFolder(path)
    if not path.is_file():
        raise UserError(f"{path} does not exist; give a .safetensors or .pth file, a Hugging Face or an Orbax folder")
    return SafetensorsFile(path) if path.suffix == ".safetensors" else PthFile(path)


def open_orbax(port: ModelPort, folder: Path, step: int | None = None) -> TreeSource:
    """The parameters of an Orbax folder, or of a checkpoint of a training run, under torch's names.

    Args:
      port: the model.
      folder: of an import, of Orbax, or of a run.
      step: which checkpoint of a run; None: the newest.

    Raises:
      UserError: if it has no checkpoint, or that of another model.
    """
    # The integers and scales of a quantized kernel are needed together.
    params = OrbaxParams(folder, step, group=path_in_files)
    return TreeSource(port, params.leaves, params.read, str(folder))


def open_layers(port: ModelPort, arguments: Sequence[str]) -> list[CheckpointLayer]:
    """Opens files given as `ROLE=PATH` and sorts them into the original's loading order.

    Args:
      port: the model, which defines the roles.
      arguments: `role=path`; a path alone is a complete checkpoint (the last role).

    Raises:
      UserError: on an unknown role, a role given twice, or a file that cannot be read.
    """
    roles = {role.name: role for role in port.roles if not role.computed}
    layers: dict[str, CheckpointLayer] = {}
    for argument in arguments:
        name, equals, location = argument.partition("=")
        if not equals or Path(argument).exists():
            name, location = port.roles[-1].name, argument
        if not location:
            raise UserError(f"{argument!r} has no path; write PATH or ROLE=PATH")
        if name not in roles:
            raise UserError(f"{argument}: unknown role {name!r}; {port.title} has {', '.join(roles)}")
        if name in layers:
            raise UserError(f"{argument}: {name} was given before ({layers[name].source.name}); give it once")
        layers[name] = CheckpointLayer(roles[name], open_checkpoint(port, location))
    return [layers[name] for name in roles if name in layers]
