"""Entries of the Q-Former: BERT with cross-attention in every other layer and a feed-forward of its own for queries.

embeddings/{word/embedding, position/embedding, norm/{scale, bias}}
pairs/even/...                stacked [P, ...]: layers 0, 2, 4, ... with cross-attention
pairs/odd/...                 stacked [P, ...]: layers 1, 3, 5, ...; P = layers // 2
last_even/...                 not stacked: the last of an odd number of layers
{attention, cross_attention}/{query, key, value, out, norm}
{text_mlp, query_mlp}/{fc1, fc2}; text_norm, query_norm
"""

from timesuite_jax.port.table import Entry
from timesuite_jax.port.tables import bert
from timesuite_jax.port.tables.layers import norm


def entries(
    torch: str, jax: str, layers: int, *, text_input: bool, width: str, memory: str, trainable: bool = False
) -> list[Entry]:
    """Entries of a Q-Former.

    Args:
      torch: name of the `BertModel`.
      jax: path of ours.
      layers: number of layers.
      text_input: whether it reads text beside its queries.
      width: axis name, see `tables`.
      memory: axis name of the visual features that it attends to.
      trainable: see `Entry.trainable`.
    """
    embeddings = f"{torch}.embeddings", f"{jax}/embeddings"
    found = bert.token_embeddings(*embeddings, width=width, trainable=trainable) if text_input else []
    found += norm(f"{embeddings[0]}.LayerNorm", f"{embeddings[1]}/norm", width, trainable=trainable)
    for number in range(layers):
        found += _layer(torch, jax, number, layers, text_input, width, memory, trainable)
    return found


def _layer(
    torch: str, jax: str, number: int, layers: int, text_input: bool, width: str, memory: str, trainable: bool
) -> list[Entry]:
    pair, odd = divmod(number, 2)
    if pair == layers // 2:
        place, layer = f"{jax}/last_even", None
    else:
        place, layer = f"{jax}/pairs/{'odd' if odd else 'even'}", pair
    module = f"{torch}.encoder.layer.{number}"

    def attention(theirs: str, ours: str, attended: str | None) -> list[Entry]:
        torch, jax = f"{module}.{theirs}", f"{place}/{ours}"
        return bert.attention(torch, jax, width=width, memory=attended, layer=layer, trainable=trainable)

    def feed_forward(suffix: str, ours: str) -> list[Entry]:
        torch = f"{module}.intermediate{suffix}", f"{module}.output{suffix}"
        jax = f"{place}/{ours}_mlp", f"{place}/{ours}_norm"
        return bert.feed_forward(*torch, *jax, width=width, layer=layer, trainable=trainable)

    return [
        *attention("attention", "attention", None),
        *([] if odd else attention("crossattention", "cross_attention", memory)),
        *(feed_forward("", "text") if text_input else []),
        *feed_forward("_query", "query"),
    ]
