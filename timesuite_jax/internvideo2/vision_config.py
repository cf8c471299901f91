"""Reads the encoder of a config: `variant` names where to start from, every other key replaces a field."""

from timesuite_jax.config_spec import Config, override
from timesuite_jax.models.vision import InternVideo2Spec


def read_vision(config: Config, where: str = "model.vision") -> InternVideo2Spec:
    """The encoder that a mapping of the config describes.

    Raises:
      UserError: on an unknown variant or field, or sizes that do not go together.
    """
    base = InternVideo2Spec.from_variant(str(config.get("variant", "1b")))
    return override(base, {key: config[key] for key in config if key != "variant"}, where)
