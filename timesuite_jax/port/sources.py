"""Opens checkpoints that a user names: a folder or a file, recognized by its content where the name does not decide."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

from etils import epath

from timesuite_jax.errors import UserError
from timesuite_jax.port.files.hf_folder import HfFolder
from timesuite_jax.port.files.open_file import open_file
from timesuite_jax.port.files.orbax_reader import OrbaxParams, is_orbax
from timesuite_jax.port.files.source import Source
from timesuite_jax.port.loading_order import CheckpointLayer, ModelPort
from timesuite_jax.port.quantize import path_in_files
from timesuite_jax.port.tree_source import TreeSource
from timesuite_jax.storage.remote_path import is_remote, local_path, to_path


def open_checkpoint(port: ModelPort, location: epath.PathLike) -> Source:
    """Opens a `.safetensors` file, a PyTorch zip checkpoint, a Hugging Face folder or an Orbax folder.

    Args:
      port: the model, whose table names the parameters of an Orbax folder; other files have names of their own.
      location: path on a disk, or of an Orbax folder in a bucket.

    Raises:
      UserError: if it does not exist or is none of these.
    """
    path = expand(location)
    return open_orbax(port, path) if path.is_dir() and is_orbax(path) else open_files(path)


def open_files(location: epath.PathLike) -> Source:
    """Opens a `.safetensors` file, a PyTorch zip checkpoint or a Hugging Face folder, of any model.

    Raises:
      UserError: if it does not exist, is none of these, or is in a bucket: the files are memory-mapped.
    """
    path = Path(local_path(location, "a checkpoint that is not Orbax's"))
    if path.is_dir():
        return HfFolder(path)
    if not path.is_file():
        raise UserError(f"{path} does not exist; give a .safetensors or .pth file, a Hugging Face or an Orbax folder")
    return open_file(path)


def expand(location: epath.PathLike) -> epath.Path:
    """A path with `~` expanded, as the shell does not do in a config or behind `ROLE=`."""
    path = to_path(location)
    if is_remote(path):
        return path
    with suppress(RuntimeError):  # an unknown user: reported as a path that does not exist
        return epath.Path(Path(path).expanduser())
    return path


def open_orbax(port: ModelPort, folder: epath.PathLike, step: int | None = None) -> TreeSource:
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


def tensor_names(location: epath.PathLike) -> tuple[Collection[str], bool]:
    """The names of the tensors of a checkpoint of any model.

    Returns:
      The names, and whether they are paths of parameters (of an Orbax folder), joined with "/".

    Raises:
      UserError: if it cannot be opened.
    """
    path = expand(location)
    if path.is_dir() and is_orbax(path):
        return ["/".join(leaf) for leaf in OrbaxParams(path).leaves], True
    return open_files(path).infos, False


def split_role(argument: str) -> tuple[str | None, str]:
    """Splits `role=path`; the role is None for a path alone, which may have a "=" in it."""
    name, equals, location = argument.partition("=")
    return (name, location) if equals and not Path(argument).exists() else (None, argument)


def open_layers(port: ModelPort, arguments: Sequence[str]) -> list[CheckpointLayer]:
    """Opens files given as `ROLE=PATH` and sorts them into the original's loading order.

    Args:
      port: the model, which defines the roles.
      arguments: `role=path`; a path alone is a complete checkpoint.

    Raises:
      UserError: on an unknown role, a role given twice, or a file that cannot be read.
    """
    roles = {role.name: role for role in port.roles if not role.computed}
    complete = next(name for name, role in roles.items() if role.complete)
    layers: dict[str, CheckpointLayer] = {}
    for argument in arguments:
        role, location = split_role(argument)
        name = complete if role is None else role
        if not location:
            raise UserError(f"{argument!r} has no path; write PATH or ROLE=PATH")
        if name not in roles:
            raise UserError(f"{argument}: unknown role {name!r}; {port.title} has {', '.join(roles)}")
        if name in layers:
            raise UserError(f"{argument}: {name} was given before ({layers[name].source.name}); give it once")
        layers[name] = CheckpointLayer(roles[name], open_checkpoint(port, location))
    return [layers[name] for name in roles if name in layers]
