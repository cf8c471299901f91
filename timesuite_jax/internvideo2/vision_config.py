"""Reads what the configs of InternVideo2's stages share: the encoder, and the clips that it needs."""

from collections.abc import Mapping
from typing import Any

from ml_collections import ConfigDict

from timesuite_jax.config_spec import Config, override
from timesuite_jax.errors import UserError
from timesuite_jax.models.vision import InternVideo2Spec


def read_vision(config: Config, where: str = "model.vision") -> InternVideo2Spec:
    """The encoder that a mapping of the config describes: `variant` names its sizes, other keys replace fields.

    Raises:
      UserError: on an unknown variant or field, or sizes that do not go together.
    """
    base = InternVideo2Spec.from_variant(str(config.get("variant", "1b")))
    return override(base, {key: config[key] for key in config if key != "variant"}, where)


def config_sections(config: Config) -> dict[str, Any]:
    """The sections of a run's config.

    Raises:
      UserError: if there is no section `model` or `data`.
    """
    sections: dict[str, Any] = config.to_dict() if isinstance(config, ConfigDict) else dict(config)
    for name in ("model", "data"):
        if not isinstance(sections.get(name), Mapping):
            raise UserError(f"config.{name} is missing or no mapping; see configs/internvideo2 for an example")
    return sections


def with_clip_size(data: Mapping[str, Any], *, num_frames: int, image_size: int) -> dict[str, Any]:
    """The section `data` with number and size of the frames of the model's clips.

    Raises:
      UserError: if it has others.
    """
    sizes = {"num_frames": num_frames, "image_size": image_size}
    for name, size in sizes.items():
        if data.get(name, size) != size:
            raise UserError(
                f"data.{name}={data[name]} differs from the model's {size}, which decides; leave data.{name} out, or "
                "change the model's"
            )
    return {**data, **sizes}
