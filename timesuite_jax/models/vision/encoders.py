"""The table of video encoders.

A config names its encoder, `model.vision.kind = "umt"`; the other fields of `model.vision` are those of its spec.
"""

from typing import NamedTuple

from flax import linen as nn

from timesuite_jax.config_spec import Config, override
from timesuite_jax.errors import UserError
from timesuite_jax.models.vision.encoder import VideoEncoderSpec
from timesuite_jax.models.vision.internvideo2 import InternVideo2Encoder
from timesuite_jax.models.vision.internvideo2_spec import InternVideo2Spec
from timesuite_jax.models.vision.umt import UmtEncoder
from timesuite_jax.models.vision.umt_spec import UmtSpec


class EncoderEntry(NamedTuple):
    """An encoder: its spec, whose defaults make a complete encoder, and its module, created as `module(spec)`."""

    spec: type[VideoEncoderSpec]
    module: type[nn.Module]  # a `VideoEncoder`


VIDEO_ENCODERS: dict[str, EncoderEntry] = {
    "umt": EncoderEntry(UmtSpec, UmtEncoder),
    "internvideo2": EncoderEntry(InternVideo2Spec, InternVideo2Encoder),
}


def build_encoder(spec: VideoEncoderSpec) -> nn.Module:
    """Creates the module of the encoder with this spec, a `VideoEncoder`."""
    return VIDEO_ENCODERS[spec.kind].module(spec)  # type: ignore[call-arg]  # the field of every encoder


def read_encoder(config: Config, default: VideoEncoderSpec, where: str) -> VideoEncoderSpec:
    """Reads the spec of the encoder that `config` names with "kind"; fields that are not given keep their defaults.

    Args:
      config: fields of the encoder's spec.
      default: the encoder if no kind is given, and the defaults of its own kind.
      where: name of the mapping in the config, for errors.

    Raises:
      UserError: if the kind is unknown; otherwise as `config_spec.override`.
    """
    kind = config.get("kind", default.kind)
    if kind not in VIDEO_ENCODERS:
        raise UserError(f"{where}.kind={kind!r} is unknown; choose one of {', '.join(sorted(VIDEO_ENCODERS))}")
    base = default if kind == default.kind else VIDEO_ENCODERS[kind].spec()  # type: ignore[call-arg]
    return override(base, config, where)
