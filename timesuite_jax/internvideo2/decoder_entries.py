"""Port entries of the decoders that predict a teacher's features ("clip_decoder", "final_clip_decoder" upstream)."""

from collections.abc import Mapping
from typing import Any

from timesuite_jax.port.loading_order import Shape
from timesuite_jax.port.table import Entry
from timesuite_jax.port.tables.layers import count_layers, dense, norm


def decoder(torch: str, jax: str, *, mlp: bool, layer: int | None = None) -> list[Entry]:
    """Entries of one decoder.

    Args:
      torch: name of the module.
      jax: path of ours, with `hidden`, `head` and `norm` below.
      mlp: whether it has a hidden layer.
      layer: see `Entry.layer`.
    """
    place: Any = {"layer": layer, "trainable": True}
    if mlp:
        hidden = dense(f"{torch}.head.0", f"{jax}/hidden", "_ _", **place)
        head = [*hidden, *dense(f"{torch}.head.2", f"{jax}/head", "_ _", **place)]
    else:
        head = dense(f"{torch}.head", f"{jax}/head", "_ _", **place)
    return [*head, *norm(f"{torch}.norm", f"{jax}/norm", "_", **place)]


def feature_decoders(torch: str, jax: str, layers: int, *, mlp: bool) -> list[Entry]:
    """Entries of the decoders of several layers and of the pooled feature.

    Args:
      torch: prefix of the encoder's keys, "" or with a final ".".
      jax: prefix of ours, with `decoders` and `pooled_decoder` below, "" or with a final "/".
      layers: number of layers with a decoder.
      mlp: see `decoder`.
    """
    entries: list[Entry] = []
    for layer in range(layers):
        entries += decoder(f"{torch}clip_decoder.{layer}", f"{jax}decoders/layers", mlp=mlp, layer=layer)
    return entries + decoder(f"{torch}final_clip_decoder", f"{jax}pooled_decoder", mlp=mlp)


def count_decoders(shapes: Mapping[str, Shape], torch: str) -> int:
    """Number of layers with a decoder among the keys of a state dict; 0 without any.

    Args:
      shapes: of its tensors.
      torch: see `feature_decoders`.
    """
    name = f"{torch}clip_decoder"
    return count_layers(shapes, name) if f"{name}.0.norm.weight" in shapes else 0
