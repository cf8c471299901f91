"""Sizes and rates of BERT."""

import dataclasses

from timesuite_jax.config_spec import bounded, check_bounds
from timesuite_jax.errors import UserError
from timesuite_jax.layers import FloatType, Remat


@dataclasses.dataclass(frozen=True)
class BertSpec:
    """Sizes of a BERT; the defaults are BERT-base's (uncased)."""

    width: int = bounded(768, minimum=1)
    layers: int = bounded(12, minimum=1)
    heads: int = bounded(12, minimum=1)
    hidden: int = bounded(3072, minimum=1)  # of the feed-forward blocks
    vocab: int = bounded(30522, minimum=1)
    positions: int = bounded(512, minimum=1)  # longest text
    token_types: int = bounded(2, minimum=1)
    embedding_std: float = 0.02  # of newly initialised embeddings
    hidden_dropout: float = bounded(0.1, minimum=0, below=1)
    attention_dropout: float = bounded(0.1, minimum=0, below=1)
    dtype: FloatType = "float32"  # of the matrix products; the residual stream is always float32
    param_dtype: FloatType = "float32"
    remat: Remat = "none"

    def __post_init__(self) -> None:
        """Validates the sizes and rates.

        Raises:
          UserError: naming the field that is out of range.
        """
        check_bounds(self)
        if self.width % self.heads:
            raise UserError(f"bert.heads={self.heads} does not divide bert.width={self.width}; choose a divisor")
