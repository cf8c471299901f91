"""Weights that a new run starts from: files of the original's, or of ours, that its config names."""

import dataclasses

from timesuite_jax.param_tree import Params
from timesuite_jax.port.files.open_checkpoint import open_layers
from timesuite_jax.port.load import load_into
from timesuite_jax.port.loading_order import ModelPort


@dataclasses.dataclass(frozen=True)
class WeightsSpec:
    """What a new run starts from."""

    files: tuple[str, ...] = ()  # "role=path", laid over one another in the original's order (`timesuite port --help`)
    expect_missing: tuple[str, ...] = ()
    expect_unused: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """Where they come from, for messages."""
        return ", ".join(self.files)

    def tensors(self, port: ModelPort) -> set[str]:
        """What the files hold, by the names that stand in them."""
        return {name for layer in open_layers(port, self.files) for name in layer.source.infos}

    def load(self, port: ModelPort, targets: Params) -> Params:
        """The files' parameters among the wanted ones, placed as asked for (see `load_into`)."""
        return load_into(port, targets, open_layers(port, self.files), self.expect_missing, self.expect_unused).params
