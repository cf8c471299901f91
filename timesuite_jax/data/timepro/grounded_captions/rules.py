"""What a captioned clip must be like, and the interfaces of the models that make and compare titles."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from jaxtyping import Float

from timesuite_jax.config_spec import bounded, check_bounds
from timesuite_jax.errors import UserError


class Summariser(Protocol):
    """Makes the title of a scene; any function or language model."""

    def __call__(self, caption: str, /) -> str:
        """Returns a short title of what a detailed caption describes; "" if there is none."""
        ...


class Similarity(Protocol):
    """Compares texts; any function or encoder of sentences."""

    def __call__(self, queries: Sequence[str], texts: Sequence[str], /) -> Float[np.ndarray, "queries texts"]:
        """Returns the similarity of each query with each text, at most 1, which equal texts have."""
        ...


@dataclass(frozen=True)
class CaptionRules:
    """Which clips become questions.

    Attributes:
      min_seconds: shortest clip.
      max_seconds: longest clip.
      max_share: longest clip as a fraction of its video, where the source has the duration of the video.
      min_caption_words: shortest caption, in words.
      min_title_words: shortest title, in words.
      max_similarity: a title is ambiguous if another one of its video is at least so similar.
    """

    min_seconds: float = bounded(3.0, minimum=0)
    max_seconds: float = bounded(60.0, above=0)
    max_share: float = bounded(0.5, above=0, maximum=1)
    min_caption_words: int = bounded(12, minimum=1)
    min_title_words: int = bounded(3, minimum=1)
    max_similarity: float = bounded(0.6, above=0)

    def __post_init__(self) -> None:
        """Validates the rules.

        Raises:
          UserError: naming the field that is out of range.
        """
        check_bounds(self)
        if self.max_seconds < self.min_seconds:
            raise UserError(
                f"max_seconds={self.max_seconds:g} is less than min_seconds={self.min_seconds:g}; no clip is between"
            )
