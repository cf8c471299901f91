"""The choices of a spec are those that are implemented."""

from typing import get_args

from timesuite_jax.layers.attention.dispatch import IMPLEMENTATIONS
from timesuite_jax.layers.quantized import QUANTIZED_TYPES
from timesuite_jax.layers.spec_types import Attention, Remat, WeightFormat
from timesuite_jax.layers.stack import REMAT_POLICIES


def test_choices():
    assert set(get_args(Attention)) == {"auto", *IMPLEMENTATIONS}
    assert set(get_args(Remat)) == {"none", *REMAT_POLICIES}
    assert set(get_args(WeightFormat)) == {"float", *QUANTIZED_TYPES}
