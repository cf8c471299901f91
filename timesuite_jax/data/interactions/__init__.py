"""Interactions of users with items: logs, the data set that they are split into, and histories to recommend for.

`open_log`, `read_log` and `read_histories` are imported from their modules, which import Arrow: training does without.
"""

from timesuite_jax.data.interactions.dataset import Interactions, describe
from timesuite_jax.data.interactions.log import InteractionLog, k_core, leave_one_out
from timesuite_jax.data.interactions.names import NameIndex
from timesuite_jax.data.interactions.released import read_released

__all__ = [
    "InteractionLog",
    "Interactions",
    "NameIndex",
    "describe",
    "k_core",
    "leave_one_out",
    "read_released",
]
