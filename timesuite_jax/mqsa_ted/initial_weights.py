"""Initial weights of a run: from weight files, and from feature vectors of the items."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from timesuite_jax.data.interactions import Interactions
from timesuite_jax.errors import UserError
from timesuite_jax.mqsa_ted.config import MqsaTedConfig
from timesuite_jax.mqsa_ted.data import ItemFeatures, principal_axes
from timesuite_jax.mqsa_ted.model import EMBEDDING_STD, MqsaSpec
from timesuite_jax.mqsa_ted.port_table import PORT
from timesuite_jax.param_tree import Params
from timesuite_jax.training import InitialWeights

_TOLERANCE = 0.02  # relative; vectors of other items differ by about 1, vectors rounded to half precision by less


def initial_weights(
    config: MqsaTedConfig, spec: MqsaSpec, data: Interactions, features: ItemFeatures | None
) -> InitialWeights | None:
    """Returns the initial weights that the config requests, None if it requests none.

    Args:
      config: of the run.
      spec: sizes of the model.
      data: interactions; an item without training interactions has no embedding of its own.
      features: vectors of the items, if the config has any.
    """
    weights = config.weights
    determined = {} if features is None else _feature_params(config, spec, data, features)
    if not weights.files and not determined:
        return None
    sources = ([weights.source] if weights.files else []) + ([str(config.features.path)] if determined else [])
    return InitialWeights(", ".join(sources), _Loader(config, spec, determined).load)


def _feature_params(
    config: MqsaTedConfig, spec: MqsaSpec, data: Interactions, features: ItemFeatures
) -> dict[str, Float[np.ndarray, "rows _"]]:
    """The parameters that the features determine, by name."""
    if config.features.use == "add":
        trained = np.zeros((data.num_items, 1), np.float32)
        trained[data.items] = 1.0
        params = {"item_features": features.vectors, "item_trained": trained}
    else:
        axes = principal_axes(features.vectors, spec.width)
        params = {"item_embedding": axes * np.float32(EMBEDDING_STD / np.sqrt(np.mean(np.square(axes))))}
    padding = ((0, spec.rows - data.num_items), (0, 0))
    return {name: np.pad(array, padding) for name, array in params.items()}


@dataclasses.dataclass(frozen=True)
class _Loader:
    config: MqsaTedConfig
    spec: MqsaSpec
    determined: dict[str, Float[np.ndarray, "rows _"]]

    def load(self, targets: Params) -> Params:
        """Returns the parameters with the shardings of `targets`; those determined by features replace those of files.

        Raises:
          UserError: if the files' items or features differ from the config's.
        """
        files = bool(self.config.weights.files)
        params = self._load_files(targets) if files else {}
        determined: Params = {
            name: jax.make_array_from_callback(array.shape, targets[name].sharding, array.__getitem__)
            for name, array in self.determined.items()
        }
        if "item_features" in params:
            self._check_features(params["item_features"], determined["item_features"])
        if files and "item_trained" in determined:
            # Items that the files' run trained have an embedding, too: all of them, if the files have no features.
            items = np.arange(self.spec.rows)[:, None] < self.spec.items
            trained = params.get("item_trained", items.astype(np.float32))
            determined["item_trained"] = jnp.maximum(determined["item_trained"], trained)
        return {**params, **determined}

    def _load_files(self, targets: Params) -> Params:
        """Loads the files and checks that they have the same number of items, with features only if the config has.

        Raises:
          UserError: if not.
        """
        weights, spec = self.config.weights, self.spec
        if not spec.features and "feature_projection" in weights.tensors(PORT):
            raise UserError(
                f"{weights.source} requires the feature vectors of its items; give their file as features.path"
            )
        params = weights.load(PORT, targets)
        if bool(jnp.any(params["item_embedding"][spec.items :])):
            raise UserError(
                f"{weights.source} has more items than the {spec.items} of {self.config.data.source}; give weights of "
                "these items"
            )
        return params

    def _check_features(self, trained: Float[Array, "rows F"], given: Float[Array, "rows F"]) -> None:
        """Checks that the features are those that the files' projection was trained with.

        Raises:
          UserError: if not.
        """
        difference = float(jnp.max(jnp.abs(trained - given) / (1.0 + jnp.abs(given))))
        if not difference <= _TOLERANCE:
            raise UserError(
                f"the vectors of {self.config.features.path} differ by up to {difference:.0%} from those that "
                f"{', '.join(self.config.weights.files)} were trained with; give the same vectors"
            )
