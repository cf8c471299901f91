"""What the port of a model consists of: its table, and the roles of files in the original's loading order."""

import abc
import dataclasses
import functools
from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np
from jaxtyping import Shaped

from timesuite_jax.errors import UserError
from timesuite_jax.port.files.source import Source
from timesuite_jax.port.language_model import LanguageModel
from timesuite_jax.port.table import Entry, Table
from timesuite_jax.port.tables.lora import canonical_key
from timesuite_jax.port.wrappers import root_pattern, unwrap

Shape = tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class Role:
    """One step of the loading order: which file it is and what it must contain."""

    name: str
    help: str
    prefix: str = ""  # of table keys, which the keys of the file lack
    roots: Sequence[str] = ()  # regular expressions of how keys of the file begin, to find the prefixes of wrappers
    spelling: Callable[[str], str] = canonical_key  # of a key, with its prefix, as tables have it
    requires: Callable[[Entry], bool] | None = None  # what this file must supply, even if an earlier one has it too
    ignored: Callable[[str, Collection[str]], str | None] | None = None  # (key, all keys) -> why it is not needed
    complete: bool = False  # a complete state dict: a path without a role
    computed: bool = False  # by `ModelPort.with_computed_layers` from other layers, not read from a file

    def recognizes(self, keys: Collection[str]) -> bool:
        """Whether most of these keys are, by their beginning, those of such a file."""
        root = root_pattern(self.roots)
        return 2 * sum(bool(root.match(key)) for key in unwrap(keys, self.roots)[0].values()) > len(keys)

    def reason_to_ignore(self, key: str, keys: Collection[str]) -> str | None:
        """Why a file in this role may have `key`, although the model has no such parameter; None: no reason."""
        return self.ignored(key, keys) if self.ignored else None


@dataclasses.dataclass(frozen=True)
class CheckpointLayer:
    """A file in its role; later layers override earlier ones."""

    role: Role
    source: Source

    @functools.cached_property
    def keys(self) -> Mapping[str, str]:
        """The table's key -> the key in the file.

        Raises:
          UserError: if the file has one tensor under two spellings.
        """
        found: dict[str, str] = {}
        for key, name in unwrap(self.source.infos, self.role.roots)[0].items():
            name = self.role.spelling(self.role.prefix + name)
            if name in found:
                raise UserError(
                    f"{self.source.name} has both {found[name]} and {key}, which are one tensor; remove one"
                )
            found[name] = key
        return found

    @property
    def wrapper(self) -> str:
        """The prefix of a wrapper that all keys have, "" if none."""
        return unwrap(self.source.infos, self.role.roots)[1]

    def read(self, name: str) -> Shaped[np.ndarray, "..."]:
        """The tensor with this key of the table."""
        return self.source.read(self.keys[name])


class ModelPort(abc.ABC):
    """What import and export need to know about one model."""

    name: str
    title: str  # for messages
    roles: Sequence[Role]  # in the original's loading order; one of them is complete
    tree_roots: Collection[str]  # first parts of the paths of parameters
    language_model: LanguageModel | None = None  # the part that can be exported for transformers

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

    def files_with_trained(self, files: Sequence[str], trained: str) -> list[str]:
        """The files of a model with a file of all that was trained on them.

        Args:
          files: from which the training started, as in `config.weights.files`.
          trained: path of the trained parameters.
        """
        return [*files, trained]

    def name_without_adapters(self, key: str) -> str:
        """The original's name of a tensor in a model that has no adapters."""
        return key
