"""The port of a moment head: its own parameters under PyTorch's names, for exchange and export."""

import dataclasses
from collections.abc import Mapping

from timesuite_jax.port import ModelPort, Role
from timesuite_jax.port.layout import SAME_2D
from timesuite_jax.port.loading_order import Shape
from timesuite_jax.port.table import Entry, Table
from timesuite_jax.port.tables.layers import count_layers, dense, norm

_ATTENTION = ("query", "key", "value", "out")
_STACKS = {  # stack -> attention, norm after it
    "encoder": (("attention", "attention_residual"),),
    "decoder": (("self_attention", "self_residual"), ("cross_attention", "cross_residual")),
}
_OTHERS = ("video_projection", "query_projection", "time_projection", "span_queries", "decoder_norm", "span_head",
           "foreground", "saliency")  # fmt: skip
# Other models have an encoder or a decoder, too.
_LAYERS = (
    r"(encoder|decoder)\.\d+\.((self_|cross_)?(attention|residual)|(attention|feed_forward)_residual|feed_forward)"
)


@dataclasses.dataclass(frozen=True)
class HeadSizes:
    """What decides which parameters a head has; all other sizes come from the tensors."""

    encoder: int
    decoder: int


def build(sizes: HeadSizes) -> Table:
    """The table of a head of one size."""
    entries = []
    for name in ("video", "query"):
        place = f"{name}_projection"
        entries += _norm(f"{place}.norm1", f"{name}_width")
        entries += _dense(f"{place}.fc1", f"width {name}_width")
        entries += _norm(f"{place}.norm2")
        entries += _dense(f"{place}.fc2")
    entries += _dense("time_projection", "width _")
    for stack, parts in _STACKS.items():
        for layer in range(getattr(sizes, stack)):
            for attention, residual in parts:
                for name in _ATTENTION:
                    entries += _dense(f"{attention}.{name}", stack=stack, layer=layer)
                entries += _norm(f"{residual}.norm", stack=stack, layer=layer)
            entries += _dense("feed_forward.fc1", "hidden width", stack=stack, layer=layer)
            entries += _dense("feed_forward.fc2", "width hidden", stack=stack, layer=layer)
            entries += _norm("feed_forward_residual.norm", stack=stack, layer=layer)
    entries.append(Entry("span_queries", "span_queries", SAME_2D, "spans width", trainable=True))
    entries += _norm("decoder_norm")
    entries += [*_dense("span_head.fc1"), *_dense("span_head.fc2"), *_dense("span_head.fc3", "_ width")]
    entries += [*_dense("foreground", "_ width"), *_dense("saliency", "_ width")]
    ranks = {entry.torch: rank for rank, entry in enumerate(entries)}
    return Table("internvideo2_grounding", entries, [], order=ranks.__getitem__)


def _dense(name: str, axes: str = "width width", *, stack: str = "", layer: int | None = None) -> list[Entry]:
    return dense(*_places(name, stack, layer), axes, layer=layer, trainable=True)


def _norm(name: str, axis: str = "width", *, stack: str = "", layer: int | None = None) -> list[Entry]:
    return norm(*_places(name, stack, layer), axis, layer=layer, trainable=True)


def _places(name: str, stack: str, layer: int | None) -> tuple[str, str]:
    """The name of a module in a state dict, and its path in the tree."""
    path = name.replace(".", "/")
    return (f"{stack}.{layer}.{name}", f"{stack}/{path}") if stack else (name, path)


class GroundingPort(ModelPort):
    """The port of the head."""

    name = "internvideo2_grounding"
    title = "InternVideo2 grounding head"
    roles = (Role("checkpoint", "all parameters of a head", roots=(_LAYERS, *_OTHERS), complete=True),)
    tree_roots = (*_STACKS, *_OTHERS)

    def table_for_torch(self, shapes: Mapping[str, Shape]) -> Table:
        """See `ModelPort`."""
        return build(HeadSizes(*(count_layers(shapes, stack) for stack in _STACKS)))

    def table_for_tree(self, shapes: Mapping[str, Shape]) -> Table:
        """See `ModelPort`."""
        return build(HeadSizes(*(shapes[f"{stack}/feed_forward/fc1/bias"][0] for stack in _STACKS)))

    def shape_hint(self, key: str, found: Shape, wanted: Shape) -> str:
        """Features of another model."""
        del found, wanted
        return (
            "the head was trained on features of another width" if key.endswith(("norm1.weight", "norm1.bias")) else ""
        )


PORT = GroundingPort()
