"""Sizes and rates of MQSA."""

import dataclasses

from timesuite_jax.config_spec import bounded, check_bounds
from timesuite_jax.errors import UserError


@dataclasses.dataclass(frozen=True)
class MqsaSpec:
    """Sizes and rates; the defaults are those of upstream's `main.py`."""

    items: int = bounded(minimum=1)  # V
    width: int = bounded(64, minimum=1)  # D
    max_len: int = bounded(50, minimum=1)  # longest history; the oldest items of longer ones are dropped beforehand
    blocks: int = bounded(1, minimum=1)
    heads: int = bounded(1, minimum=1)  # h
    window: int = bounded(3, minimum=1)  # items averaged for a query of the long branch, the paper's L
    alpha: float = bounded(0.5, minimum=0, maximum=1)  # weight of the short branch; of the long one 1 - alpha
    dropout: float = bounded(0.5, minimum=0, below=1)
    features: int = bounded(0, minimum=0)  # length F of the items' feature vectors; 0: no features
    item_multiple: int = bounded(1, minimum=1)  # of the rows of item tables: padded so that devices divide them

    def __post_init__(self) -> None:
        """Validates the sizes and rates.

        Raises:
          UserError: naming the field that is out of range.
        """
        check_bounds(self)
        if self.width % self.heads:
            raise UserError(f"model.heads={self.heads} does not divide model.width={self.width}; choose a divisor")

    @property
    def padding(self) -> int:
        """Id of the padding item."""
        return self.items

    @property
    def rows(self) -> int:
        """Rows of the item tables: the items, and padding rows of zeros up to a multiple of `item_multiple`."""
        return -(-self.items // self.item_multiple) * self.item_multiple
