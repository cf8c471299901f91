"""Weights that a new run starts from: files of the original's or of ours that its config names."""

import dataclasses

from timesuite_jax.param_tree import Params
from timesuite_jax.port.loader import load_into
from timesuite_jax.port.loading_order import ModelPort
from timesuite_jax.port.sources import expand, open_layers, split_role


@dataclasses.dataclass(frozen=True)
class WeightsSpec:
    """What a new run starts from."""

    files: tuple[str, ...] = ()  # "role=path"; later roles override earlier ones (`timesuite port import --help`)
    expect_missing: tuple[str, ...] = ()
    expect_unused: tuple[str, ...] = ()
    allow_nan: bool = False  # accept NaN and infinite values

    @property
    def source(self) -> str:
        """The files, for messages."""
        return ", ".join(self.files)

    def missing(self) -> list[str]:
        """Paths of files that do not exist."""
        return [str(path) for file in self.files if not (path := expand(split_role(file)[1])).exists()]

    def tensors(self, port: ModelPort) -> set[str]:
        """Keys of the files."""
        return {name for layer in open_layers(port, self.files) for name in layer.source.infos}

    def load(self, port: ModelPort, targets: Params) -> Params:
        """Parameters of the files among `targets`, with their types and shardings (see `load_into`)."""
        layers = open_layers(port, self.files)
        return load_into(port, targets, layers, self.expect_missing, self.expect_unused, self.allow_nan).params
