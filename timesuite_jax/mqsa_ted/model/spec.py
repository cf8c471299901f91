"""Sizes and rates of MQSA."""

import dataclasses

from timesuite_jax.config_spec import check_least
from timesuite_jax.errors import UserError


@dataclasses.dataclass(frozen=True)
class MqsaSpec:
    """Sizes and rates; the defaults are those of upstream's `main.py`."""

    items: int  # V
    width: int = 64  # D
    max_len: int = 50  # longest history; the oldest items of longer ones are dropped beforehand
    blocks: int = 1
    heads: int = 1  # h
    window: int = 3  # items averaged for a query of the long branch, the paper's L
    alpha: float = 0.5  # weight of the short branch; the long branch has weight 1 - alpha
    dropout: float = 0.5
    features: int = 0  # length F of the items' feature vectors; 0: no features
    item_multiple: int = 1  # item tables are padded to a multiple of this many rows, so that devices divide them

    def __post_init__(self) -> None:
        """Validates the sizes and rates.

        Raises:
          UserError: naming the field that is out of range.
        """
        positive = ("items", "width", "max_len", "blocks", "heads", "window", "item_multiple")
        check_least(self, "mqsa", {**dict.fromkeys(positive, 1), "features": 0})
        if self.width % self.heads:
            raise UserError(f"mqsa.heads={self.heads} does not divide mqsa.width={self.width}; choose a divisor")
        if not 0 <= self.alpha <= 1:
            raise UserError(f"mqsa.alpha={self.alpha} must be from 0 (long branch only) to 1 (short branch only)")
        if not 0 <= self.dropout < 1:
            raise UserError(f"mqsa.dropout={self.dropout} must be at least 0 and below 1")

    @property
    def padding(self) -> int:
        """Id of the padding item."""
        return self.items

    @property
    def rows(self) -> int:
        """Rows of the item tables: the items, and padding rows of zeros up to a multiple of `item_multiple`."""
        return -(-self.items // self.item_multiple) * self.item_multiple
