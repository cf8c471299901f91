"""What MQSA-TED reads of interactions: histories and transitions, packed batches, item features."""

from timesuite_jax.mqsa_ted.data.histories import (
    Split,
    Transitions,
    count_transitions,
    epoch_orders,
    evaluation_inputs,
    seen_items,
    training_histories,
    training_pairs,
)
from timesuite_jax.mqsa_ted.data.item_features import ItemFeatures, principal_axes, read_features
from timesuite_jax.mqsa_ted.data.packing import Packing, pack
from timesuite_jax.mqsa_ted.data.stream import UserStream
from timesuite_jax.mqsa_ted.data.synthetic import SyntheticInteractionsSpec, make_interactions

__all__ = [
    "ItemFeatures",
    "Packing",
    "Split",
    "SyntheticInteractionsSpec",
    "Transitions",
    "UserStream",
    "count_transitions",
    "epoch_orders",
    "evaluation_inputs",
    "make_interactions",
    "pack",
    "principal_axes",
    "read_features",
    "seen_items",
    "training_histories",
    "training_pairs",
]
