"""Which features of videos are computed, and what computes them."""

import dataclasses
import types
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from jaxtyping import Array, Float, UInt8

from timesuite_jax.config_spec import bounded, check_bounds
from timesuite_jax.errors import UserError
from timesuite_jax.param_tree import Params

Level = Literal["frame", "window", "video"]


@dataclasses.dataclass(frozen=True)
class FeatureRequest:
    """Features of one kind for any number of videos."""

    window: float = bounded(2.0, above=0)  # seconds
    stride: float = bounded(2.0, minimum=0.001)  # seconds from the start of a window to that of the next
    level: Level = "window"  # a row for each frame or window, or one for the video, the mean of its windows
    layer: int | None = None  # output of this block, -1 the last; None: the pooled feature of the whole encoder
    tokens: bool = False  # all tokens of the layer instead of their mean
    crop: Literal["squash", "center"] = "squash"  # all of the picture at another aspect ratio, or its central square

    def __post_init__(self) -> None:
        """Checks that the choices go together.

        Raises:
          UserError: naming the choice.
        """
        check_bounds(self)
        if self.layer is None and (self.tokens or self.level == "frame"):
            what = "tokens=True" if self.tokens else "level='frame'"
            raise UserError(f"{what} needs the output of a block, the pooled feature has neither; set layer, e.g. -1")
        if self.tokens and self.level != "window":
            raise UserError(
                f"tokens=True keeps the tokens of each window, not level={self.level!r}; set level='window'"
            )

    @property
    def settings(self) -> Mapping[str, Any]:
        """What decides the values, as JSON values."""
        return dataclasses.asdict(self)


class FeatureEncoder(NamedTuple):
    """A model's part in extracting features.

    Attributes:
      num_frames: frames of a window.
      image_size: pixels, square.
      encode: parameters and frames [B, F, H, W, 3] -> features [B, rows, D]: a row for each frame of a window, for all
        its tokens, or one. Pure, jitted by the caller.
      model: what of its config decides the values, as JSON values.
    """

    num_frames: int
    image_size: int
    encode: Callable[[Params, UInt8[Array, "B F H W 3"]], Float[Array, "B rows D"]]
    model: Mapping[str, Any] = types.MappingProxyType({})


def feature_settings(
    request: FeatureRequest, encoder: FeatureEncoder, others: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Returns all that decides the features of any video, as JSON values; they are stored in each file.

    Args:
      request: windows and features.
      encoder: of the model.
      others: what else decides the values, such as the fingerprint of the weights.
    """
    model = {"frames": encoder.num_frames, "image_size": encoder.image_size, "model": dict(encoder.model)}
    return {**request.settings, **model, **(others or {})}
