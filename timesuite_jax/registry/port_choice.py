"""Chooses the port table of checkpoints by the names of their tensors."""

from collections.abc import Sequence

from etils import epath

from timesuite_jax.errors import UserError
from timesuite_jax.port import ModelPort
from timesuite_jax.port.lookalikes import looks_like
from timesuite_jax.port.sources import tensor_names
from timesuite_jax.registry.ports import PORTS


def family_of(location: epath.Path, expected: str | None = None) -> str | None:
    """The family to which most tensors of a checkpoint belong; None if it is of no known one.

    Args:
      location: of the checkpoint.
      expected: tried first: models that share a network, as the stages of InternVideo2 do, recognize the same tensors.

    Raises:
      UserError: if the checkpoint cannot be opened.
    """
    names, in_tree = tensor_names(location)
    for family in sorted(PORTS, key=lambda family: family != expected):
        port = PORTS[family]
        if in_tree:
            found = 2 * sum(name.partition("/")[0] in port.tree_roots for name in names) > len(names)
        else:
            found = any(role.recognizes(names) for role in port.roles)
        if found:
            return family
    return None


def choose_port(locations: Sequence[epath.Path], named: str | None) -> ModelPort:
    """The port table for checkpoints.

    Args:
      locations: of files and folders.
      named: the family that a user or a config names; None: recognized by the tensors.

    Raises:
      UserError: if they are of another family than the named one, or, without a name, of none or of several.
    """
    found = {location: family_of(location, named) for location in locations}
    for location, family in found.items():
        if named is not None and family not in (None, named):
            raise UserError(
                f"{location} looks like a {PORTS[family].title}, not a {PORTS[named].title}; give --model {family}"
            )
    families = {named} if named is not None else set(filter(None, found.values()))
    if len(families) == 1:
        return PORTS[families.pop()]
    known = ", ".join(f"{family} ({port.title})" for family, port in PORTS.items())
    if families:
        listed = ", ".join(f"{location} of {family}" for location, family in found.items())
        raise UserError(f"these checkpoints are of different models ({listed}); give those of one of {known}")
    location = locations[0]
    kind = looks_like(tensor_names(location)[0])
    hint = f"; it looks like {kind}" if kind else ""
    raise UserError(
        f"{location} is of no known model family{hint}; the families are {known}: if it is one of them, give --model"
    )
