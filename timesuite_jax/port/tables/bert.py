"""Entries of BERT's layers (Hugging Face `BertModel`), which the Q-Former has too."""

import functools
from typing import Any

import numpy as np
from jaxtyping import Int

from timesuite_jax.port.constant import Constant
from timesuite_jax.port.layout import SAME_2D
from timesuite_jax.port.table import Entry
from timesuite_jax.port.tables.layers import dense, norm


def token_embeddings(torch: str, jax: str, *, width: str, trainable: bool = False) -> list[Entry]:
    """Word and position embeddings.

    Args:
      torch: name of the `BertEmbeddings` module.
      jax: path of ours, with `word/embedding` and `position/embedding` below.
      width: axis name; the vocabulary is `{width}_vocab`, the position table `{width}_positions`.
      trainable: see `Entry.trainable`.
    """
    axes = {"word": f"{width}_vocab {width}", "position": f"{width}_positions {width}"}
    return [
        Entry(f"{torch}.{kind}_embeddings.weight", f"{jax}/{kind}/embedding", SAME_2D, names, trainable=trainable)
        for kind, names in axes.items()
    ]


def encoder_layer(
    torch: str,
    jax: str,
    number: int,
    *,
    width: str,
    first: int = 0,
    memory: str | None = None,
    trainable: bool = False,
) -> list[Entry]:
    """A layer of a `BertEncoder`, stacked with the others: self-attention, cross-attention, feed-forward.

    Args:
      torch: name of the `BertEncoder` module.
      jax: path of our stack, with `attention`, `cross_attention`, `mlp` and `norm` below.
      number: of the layer.
      width: axis name.
      first: number of the first layer of our stack.
      memory: axis name of what cross-attention attends to; None: without cross-attention.
      trainable: see `Entry.trainable`.
    """
    module = f"{torch}.layer.{number}"
    hidden, output = f"{module}.intermediate", f"{module}.output"
    place: Any = {"width": width, "layer": number - first, "trainable": trainable}
    entries = attention(f"{module}.attention", f"{jax}/attention", **place)
    if memory is not None:
        entries += attention(f"{module}.crossattention", f"{jax}/cross_attention", memory=memory, **place)
    return [*entries, *feed_forward(hidden, output, f"{jax}/mlp", f"{jax}/norm", **place)]


def position_ids(torch: str, positions: int) -> Constant:
    """The buffer `position_ids` of the `BertEmbeddings` module `torch`."""
    return Constant(f"{torch}.position_ids", functools.partial(_position_ids, positions))


def _position_ids(positions: int) -> Int[np.ndarray, "1 positions"]:
    return np.arange(positions, dtype=np.int64)[None]


def attention(
    torch: str, jax: str, *, width: str, memory: str | None = None, layer: int | None = None, trainable: bool = False
) -> list[Entry]:
    """A `BertAttention` module: query, key, value, output projection and the norm after it.

    Args:
      torch: name of the module.
      jax: path of ours, with `query`, `key`, `value`, `out` and `norm` below.
      width: axis name of queries and outputs.
      memory: axis name of what cross-attention attends to; None: self-attention.
      layer: see `Entry.layer`.
      trainable: see `Entry.trainable`.
    """
    attended = f"{width} {memory or width}"
    entries = []
    for name, axes in (("query", f"{width} {width}"), ("key", attended), ("value", attended)):
        entries += dense(f"{torch}.self.{name}", f"{jax}/{name}", axes, layer=layer, trainable=trainable)
    return [
        *entries,
        *dense(f"{torch}.output.dense", f"{jax}/out", f"{width} {width}", layer=layer, trainable=trainable),
        *norm(f"{torch}.output.LayerNorm", f"{jax}/norm", width, layer=layer, trainable=trainable),
    ]


def feed_forward(
    hidden: str, output: str, mlp: str, mlp_norm: str, *, width: str, layer: int | None = None, trainable: bool = False
) -> list[Entry]:
    """The feed-forward of a BERT layer and the norm after it.

    Args:
      hidden: name of the `BertIntermediate` module.
      output: name of the `BertOutput` module.
      mlp: path of ours, with `fc1` and `fc2` below.
      mlp_norm: path of the norm.
      width: axis name; the hidden width is `{width}_mlp`.
      layer: see `Entry.layer`.
      trainable: see `Entry.trainable`.
    """
    return [
        *dense(f"{hidden}.dense", f"{mlp}/fc1", f"{width}_mlp {width}", layer=layer, trainable=trainable),
        *dense(f"{output}.dense", f"{mlp}/fc2", f"{width} {width}_mlp", layer=layer, trainable=trainable),
        *norm(f"{output}.LayerNorm", mlp_norm, width, layer=layer, trainable=trainable),
    ]
