"""What the port of a model consists of: its table, and the roles of files in the original's loading order."""

import abc
import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence

from timesuite_jax.port.files.source import Source
from timesuite_jax.port.table import Entry, Table
from timesuite_jax.port.tables.lora import canonical_key

Shape = tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class Role:
    """One step of the loading order: which file it is and what it must contain."""

    name: str
    help: str
    prefix: str = ""  # of table keys, which the keys of the file lack
    requires: Callable[[Entry], bool] | None = None  # what this file must supply, even if an earlier one has it too
    ignored: Callable[[str, Collection[str]], str | None] | None = None  # (key, all keys) -> why it is not needed
    spelling: Callable[[str], str] = canonical_key  # key without the prefix -> the spelling that tables use
    computed: bool = False  # by `ModelPort.with_computed_layers` from other layers, not read from a file

    def table_key(self, key: str) -> str:
        """The table's key for a key of the file."""
        return self.prefix + self.spelling(key)

    def reason_to_ignore(self, key: str, keys: Collection[str]) -> str | None:
        """Why a file in this role may have `key`, although the model has no such parameter; None: no reason."""
        return self.ignored(key, keys) if self.ignored else None


@dataclasses.dataclass(frozen=True)
class CheckpointLayer:
    """A file in its role; later layers override earlier ones."""

    role: Role
    source: Source


class ModelPort(abc.ABC):
    """What import and export need to know about one model."""

    name: str
    title: str  # for messages
    roles: Sequence[Role]  # in the original's loading order; the last one is for complete checkpoints

    @abc.abstractmethod
    def table_for_torch(self, shapes: Mapping[str, Shape]) -> Table:
        """The table of the model whose state dict has these shapes, by table key.

        Raises:
          KeyError: with the key that is missing.
        """

    @abc.abstractmethod
    def table_for_tree(self, shapes: Mapping[str, Shape]) -> Table:
        """The table of the model whose parameters have these shapes, by path joined with "/".

        Raises:
          KeyError: with the parameter that is missing.
        """

    def with_computed_layers(self, layers: Sequence[CheckpointLayer]) -> Sequence[CheckpointLayer]:
        """Inserts the layers that the original computes from others at that point of its loading order."""
        return layers

    def reason_to_ignore(self, key: str, table: Table) -> str | None:
        """Why no parameter of `table` needs `key`, whatever file it is in; None: no reason."""
        del key, table
        return None

    def missing_hint(self, keys: Sequence[str]) -> str:
        """A likely cause of these missing keys and what to do, for messages; "" if there is none."""
        del keys
        return ""

    def shape_hint(self, key: str, found: Shape, wanted: Shape) -> str:
        """A likely cause of a tensor's unexpected shape, for messages; "" if there is none."""
        del key, found, wanted
        return ""
