"""Weights that a new run starts from: files of the original's, or of ours, that its config names."""

import dataclasses

from timesuite_jax import port
from timesuite_jax.training import Import, Params


@dataclasses.dataclass(frozen=True)
class WeightsSpec:
    """What a new run starts from."""

    files: tuple[str, ...] = ()  # "role=path", laid over one another in the original's order (`timesuite port --help`)
    expect_missing: tuple[str, ...] = ()
    expect_unused: tuple[str, ...] = ()

    def tensors(self, model: str) -> set[str]:
        """What the files hold, by the names that stand in them."""
        layers = port.open_layers(port.MODELS[model], self.files)
        return {name for layer in layers for name in layer.source.infos}

    def initial(self, model: str) -> Import | None:
        """The files, read by the table of keys of this model; None if there are none."""
        if not self.files:
            return None

        def load(targets: Params) -> Params:
            table = port.MODELS[model]
            layers = port.open_layers(table, self.files)
            return port.load_into(table, targets, layers, self.expect_missing, self.expect_unused).params

        return Import(", ".join(self.files), load)
