"""The port of BERT (Hugging Face's `BertModel`), for the encoders of sentences that are published as such."""

from collections.abc import Mapping

from timesuite_jax.port.layout import SAME_2D
from timesuite_jax.port.loading_order import ModelPort, Role, Shape
from timesuite_jax.port.table import Entry, Table
from timesuite_jax.port.tables import bert
from timesuite_jax.port.tables.layers import count_layers, norm

_WIDTH = "bert"


class BertPort(ModelPort):
    """The port of a BERT without its pooler and heads."""

    name = "bert"
    title = "BERT"
    roles = (Role("checkpoint", "a complete state dict", roots=("embeddings", r"encoder\.layer"), complete=True),)
    tree_roots = ("embeddings", "layers")

    def table_for_torch(self, shapes: Mapping[str, Shape]) -> Table:
        """See `ModelPort`."""
        return _table(count_layers(shapes, "encoder.layer"), shapes["embeddings.position_embeddings.weight"][0])

    def table_for_tree(self, shapes: Mapping[str, Shape]) -> Table:
        """See `ModelPort`."""
        return _table(shapes["layers/norm/scale"][0], shapes["embeddings/position/embedding"][0])

    def reason_to_ignore(self, key: str, table: Table) -> str | None:
        """The pooler, which pre-training uses, and the heads."""
        del table
        return "the pooler and heads of pre-training" if key.startswith(("pooler.", "cls.")) else None


def _table(layers: int, positions: int) -> Table:
    torch, jax = "embeddings", "embeddings"
    entries = [
        *bert.token_embeddings(torch, jax, width=_WIDTH),
        Entry(
            f"{torch}.token_type_embeddings.weight", f"{jax}/token_type/embedding", SAME_2D, f"{_WIDTH}_types {_WIDTH}"
        ),
        *norm(f"{torch}.LayerNorm", f"{jax}/norm", _WIDTH),
    ]
    for number in range(layers):
        entries += bert.encoder_layer("encoder", "layers", number, width=_WIDTH)
    return Table("BERT", entries, [bert.position_ids(torch, positions)], order=lambda name: name)


PORT = BertPort()
