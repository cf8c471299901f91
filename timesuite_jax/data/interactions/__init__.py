"""Interactions of users with items: logs, the data set that they are split into, and histories to recommend for.

`read_log` is imported from `log_reader`, which imports Arrow: training does without that.
"""

from timesuite_jax.data.interactions.dataset import Interactions, describe
from timesuite_jax.data.interactions.history_file import Histories, read_histories
from timesuite_jax.data.interactions.log import InteractionLog, k_core, leave_one_out
from timesuite_jax.data.interactions.released import read_released

__all__ = [
    "Histories",
    "InteractionLog",
    "Interactions",
    "describe",
    "k_core",
    "leave_one_out",
    "read_histories",
    "read_released",
]
