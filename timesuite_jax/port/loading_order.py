"""What a model's port consists of: its table, and the roles that files play in the original's loading order."""

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence

from timesuite_jax.port.files.source import Source
from timesuite_jax.port.table import Entry, Table

Shapes = Mapping[str, tuple[int, ...]]


@dataclasses.dataclass(frozen=True)
class Role:
    """One step of the loading order: which file it is and what it must hold."""

    name: str
    help: str
    canonical: Callable[[str], str]  # key in the file -> key in the table
    requires: Callable[[Entry], bool]  # what this file must supply, even if an earlier one has it too
    ignored: Callable[
        [str, Collection[str]], str | None
    ]  # (key, all keys of the file) -> why it may be left out, or None
    made: bool = False  # by `ModelPort.derived` from other layers, not read from a file


@dataclasses.dataclass(frozen=True)
class CheckpointLayer:
    """A file in its role; later layers override earlier ones."""

    role: Role
    source: Source


@dataclasses.dataclass(frozen=True)
class ModelPort:
    """All that the engine needs to know about one model."""

    name: str
    title: str  # for messages
    roles: Sequence[Role]  # in the original's loading order; the last one is for complete checkpoints
    table_for_torch: Callable[[Shapes], Table]  # from shapes by canonical key; KeyError names what is missing
    table_for_tree: Callable[[Shapes], Table]  # from shapes by path joined with "/"
    ignored: Callable[[str, Table], str | None]  # keys that no parameter of this table needs, with the reason
    derived: Callable[
        [Sequence[CheckpointLayer]], Sequence[CheckpointLayer]
    ]  # puts layers made from others in their places
    new_spelling: Callable[[str], str]  # canonical key -> the spelling of newer libraries
    hint: Callable[[str, tuple[int, ...], tuple[int, ...]], str]  # (key, found, wanted) -> why shapes may differ
