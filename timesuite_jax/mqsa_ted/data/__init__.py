"""Interactions of users with items: logs, data sets, histories, packed batches, item features.

`read_log` is imported from `log_reader`, which imports Arrow: training does without that.
"""

from timesuite_jax.mqsa_ted.data.dataset import Interactions, describe
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
from timesuite_jax.mqsa_ted.data.history_file import Histories, read_histories
from timesuite_jax.mqsa_ted.data.item_features import ItemFeatures, principal_axes, read_features
from timesuite_jax.mqsa_ted.data.log import InteractionLog, k_core, leave_one_out
from timesuite_jax.mqsa_ted.data.packing import Packing, pack
from timesuite_jax.mqsa_ted.data.released import read_released
from timesuite_jax.mqsa_ted.data.stream import UserStream
from timesuite_jax.mqsa_ted.data.synthetic import SyntheticInteractionsSpec, make_interactions

__all__ = [
    "Histories",
    "InteractionLog",
    "Interactions",
    "ItemFeatures",
    "Packing",
    "Split",
    "SyntheticInteractionsSpec",
    "Transitions",
    "UserStream",
    "count_transitions",
    "describe",
    "epoch_orders",
    "evaluation_inputs",
    "k_core",
    "leave_one_out",
    "make_interactions",
    "pack",
    "principal_axes",
    "read_features",
    "read_histories",
    "read_released",
    "seen_items",
    "training_histories",
    "training_pairs",
]
