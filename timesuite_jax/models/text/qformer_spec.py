"""Sizes and rates of the Q-Former."""

import dataclasses
from typing import Any

from timesuite_jax.config_spec import bounded, check_bounds
from timesuite_jax.errors import UserError
from timesuite_jax.layers import FloatType, Remat
from timesuite_jax.models.text.bert_spec import BertSpec

VARIANTS: dict[str, dict[str, int]] = {  # BLIP-2's Q-Former is a BERT-base; "debug" is ours
    "base": {},
    "debug": {"width": 32, "layers": 3, "heads": 2, "hidden": 64, "vocab": 256, "positions": 128, "queries": 8}
    | {"extra_queries": 8},
}


@dataclasses.dataclass(frozen=True)
class QFormerSpec:
    """Sizes of a Q-Former; the defaults are the released ones."""

    width: int = bounded(768, minimum=1)
    layers: int = bounded(12, minimum=1)  # even ones have cross-attention to the vision tokens
    heads: int = bounded(12, minimum=1)
    hidden: int = bounded(3072, minimum=1)  # of the feed-forward blocks
    vocab: int = bounded(30523, minimum=1)  # bert-base-uncased and the added "[DEC]"
    positions: int = bounded(512, minimum=1)  # longest text
    queries: int = bounded(32, minimum=1)
    extra_queries: int = bounded(64, minimum=0)
    embedding_std: float = 0.02  # of newly initialised queries, word and position embeddings
    text_input: bool = True  # False: neither text nor parameters for it
    hidden_dropout: float = bounded(0.1, minimum=0, below=1)
    attention_dropout: float = bounded(0.1, minimum=0, below=1)
    drop_path: float = bounded(0.2, minimum=0, below=1)  # of the last layer; increases linearly from 0 at the first
    dtype: FloatType = "float32"  # of the matrix products; the residual stream is always float32
    param_dtype: FloatType = "float32"
    remat: Remat = "none"
    unroll: bool = False

    @classmethod
    def from_variant(cls, variant: str, **overrides: Any) -> "QFormerSpec":
        """Returns the spec of a named variant ("base", "debug"), with fields replaced by `overrides`.

        Raises:
          UserError: if the variant is unknown.
        """
        if variant not in VARIANTS:
            raise UserError(f"Q-Former variant {variant!r} is unknown; choose one of {sorted(VARIANTS)}")
        return cls(**{**VARIANTS[variant], **overrides})

    def __post_init__(self) -> None:
        """Validates the sizes and rates.

        Raises:
          UserError: naming the field that is out of range.
        """
        check_bounds(self)
        if self.width % self.heads:
            raise UserError(f"qformer.heads={self.heads} does not divide qformer.width={self.width}; choose a divisor")

    @property
    def bert(self) -> BertSpec:
        """Sizes and rates of the layers that BERT has, too."""
        own = {field.name for field in dataclasses.fields(self)}
        shared = [field.name for field in dataclasses.fields(BertSpec) if field.name in own]
        return BertSpec(**{name: getattr(self, name) for name in shared})

    @property
    def tokens(self) -> int:
        """Number of all queries: the tokens of a clip."""
        return self.queries + self.extra_queries

    @property
    def pairs(self) -> int:
        """Number of (even, odd) pairs of layers, which are stacked; the last of an odd number is not in a pair."""
        return self.layers // 2
