"""Sizes of a moment head."""

import dataclasses

from timesuite_jax.config_spec import bounded, check_bounds
from timesuite_jax.errors import UserError


@dataclasses.dataclass(frozen=True, kw_only=True)
class MomentHeadSpec:
    """Sizes of a `MomentHead`; the defaults are those of Moment-DETR (arXiv:2107.09609, section 4).

    Attributes:
      video_width: of the features of a video.
      query_width: of the features of a query.
      width: of the transformer.
      heads: of its attention.
      hidden: of its feed-forward blocks.
      encoder_layers: over video and query.
      decoder_layers: over the span queries.
      spans: number of spans that are predicted for a query.
      input_dropout: of the projections of the features.
      dropout: of the transformer.
    """

    video_width: int = bounded(minimum=1)
    query_width: int = bounded(minimum=1)
    width: int = bounded(256, minimum=2)
    heads: int = bounded(8, minimum=1)
    hidden: int = bounded(1024, minimum=1)
    encoder_layers: int = bounded(2, minimum=1)
    decoder_layers: int = bounded(2, minimum=1)
    spans: int = bounded(10, minimum=1)
    input_dropout: float = bounded(0.5, minimum=0, below=1)
    dropout: float = bounded(0.1, minimum=0, below=1)

    def __post_init__(self) -> None:
        """Checks bounds, and that heads divide the width.

        Raises:
          UserError: naming the field.
        """
        check_bounds(self)
        if self.width % self.heads or self.width % 2:
            raise UserError(
                f"model.width={self.width} must be even and a multiple of model.heads={self.heads}; change one of them"
            )
