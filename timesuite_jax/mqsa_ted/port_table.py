"""The table of MQSA-TED: upstream `zhuty16/MQSA-TED`, the variables of `MQSA_TED.py` by their TensorFlow names.

The parameter tree that it fills is drawn in `timesuite_jax.mqsa_ted.model.mqsa`. Upstream writes no checkpoints; a
`tf.train.Saver` added to it gets these names. Its variables come in this order:

    item_embedding/item_embedding [V, D]; positional_embedding/position_embedding [max_len, D]
    for the short branch, then for the long one:
        for each block: query norm (beta, gamma); dense query, key, value; attention norm (beta, gamma); dense fc1, fc2
        final norm (beta, gamma)

Parameters that upstream lacks, those of a model whose items have features, follow under our own names.

Norms are `Variable`, `Variable_1`, ... within `block_short_query` or `block_long_query`, the shift before the scale.
Dense layers are `dense`, `dense_1`, ... through both branches, kernels [in, out] as here.
"""

import dataclasses
from collections.abc import Iterator, Mapping

from timesuite_jax.port.layout import SAME_1D, SAME_2D
from timesuite_jax.port.loading_order import ModelPort, Role, Shape
from timesuite_jax.port.table import Entry, Table

_FEATURES = {  # parameter -> names of its axes, whether it is trained
    "feature_projection": ("features width", True),
    "item_features": ("items features", False),
    "item_trained": ("items _", False),
}
_DENSE = ("query", "key", "value", "fc1", "fc2")


@dataclasses.dataclass(frozen=True)
class MqsaSizes:
    """What decides which variables exist; all other sizes are read off the arrays."""

    blocks: int
    features: bool = False  # do items have vectors from outside, added to their embeddings?

    @classmethod
    def from_torch(cls, shapes: Mapping[str, tuple[int, ...]]) -> "MqsaSizes":
        """Reads the sizes off the shapes of a complete set of variables.

        Raises:
          KeyError: naming the variable that there must be and is not.
        """
        for needed in ("item_embedding/item_embedding", "dense/kernel"):
            if needed not in shapes:
                raise KeyError(needed)
        layers = 1
        while f"dense_{layers}/kernel" in shapes:  # a name with a forged number costs nothing
            layers += 1
        return cls(max(1, layers // (2 * len(_DENSE))), not shapes.keys().isdisjoint(_FEATURES))

    @classmethod
    def from_tree(cls, shapes: Mapping[str, tuple[int, ...]]) -> "MqsaSizes":
        """Reads the sizes off the shapes of a parameter tree, keyed by path joined with "/".

        Raises:
          KeyError: naming the parameter that an MQSA tree must have and this one lacks.
        """
        return cls(shapes["short/blocks/query_norm/scale"][0], not shapes.keys().isdisjoint(_FEATURES))


def build(sizes: MqsaSizes) -> Table:
    """The table for one size, its keys in the order in which upstream makes its variables."""
    dense = _numbered("dense")
    entries = [
        Entry("item_embedding/item_embedding", "item_embedding", SAME_2D, "items width", trainable=True),
        Entry("positional_embedding/position_embedding", "position_embedding", SAME_2D, "slots width", trainable=True),
    ]
    for branch in ("short", "long"):
        norms = _numbered(f"block_{branch}_query/Variable")
        for block in range(sizes.blocks):
            place = f"{branch}/blocks"
            entries += _norm(norms, f"{place}/query_norm", block)
            for name in _DENSE:
                if name == "fc1":
                    entries += _norm(norms, f"{place}/attention_norm", block)
                layer = next(dense)
                for part, layout, axes in (("kernel", SAME_2D, "width width"), ("bias", SAME_1D, "width")):
                    place_of_part = f"{place}/{name}/{part}"
                    entries.append(Entry(f"{layer}/{part}", place_of_part, layout, axes, block, trainable=True))
        entries += _norm(norms, f"{branch}/norm")
    if sizes.features:
        for name, (axes, trainable) in _FEATURES.items():
            entries.append(Entry(name, name, SAME_2D, axes, trainable=trainable))
    ranks = {entry.torch: rank for rank, entry in enumerate(entries)}
    return Table("mqsa_ted", entries, [], order=ranks.__getitem__)


def _numbered(name: str) -> Iterator[str]:
    """TensorFlow's names for one name used again and again."""
    yield name
    number = 0
    while True:
        number += 1
        yield f"{name}_{number}"


def _norm(names: Iterator[str], place: str, block: int | None = None) -> list[Entry]:
    return [
        Entry(next(names), f"{place}/{part}", SAME_1D, "width", block, trainable=True) for part in ("bias", "scale")
    ]


def _spelling(key: str) -> str:
    return key.removesuffix(":0")  # of a variable's first and only output


_ROOTS = (
    *("item_embedding/item_embedding", "positional_embedding", r"block_(short|long)_query", r"dense(_\d+)?(?=/)"),
    *_FEATURES,
)


class MqsaPort(ModelPort):
    """The port of MQSA-TED."""

    name = "mqsa_ted"
    title = "MQSA-TED"
    roles = (Role("checkpoint", "all variables", roots=_ROOTS, spelling=_spelling, complete=True),)
    tree_roots = ("item_embedding", "position_embedding", "short", "long", *_FEATURES)

    def table_for_torch(self, shapes: Mapping[str, Shape]) -> Table:
        """See `ModelPort`."""
        return build(MqsaSizes.from_torch(shapes))

    def table_for_tree(self, shapes: Mapping[str, Shape]) -> Table:
        """See `ModelPort`."""
        return build(MqsaSizes.from_tree(shapes))

    def shape_hint(self, key: str, found: Shape, wanted: Shape) -> str:
        """Another number of rows."""
        del key
        return "another number of items, model.item_multiple or slots" if found[1:] == wanted[1:] else ""


PORT = MqsaPort()
