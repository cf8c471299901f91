"""Random interactions have the sizes of their spec and are deterministic."""

import numpy as np
import pytest

from timesuite_jax.config_spec import build
from timesuite_jax.errors import UserError
from timesuite_jax.mqsa_ted.data import SyntheticInteractionsSpec, make_interactions


def test_sizes_and_determinism():
    spec = SyntheticInteractionsSpec(num_users=500, num_items=70, mean_length=5.0)
    data, again = make_interactions(spec), make_interactions(spec)
    assert (data.num_users, data.num_items) == (500, 70)
    assert 4 < len(data.items) / 500 < 6
    np.testing.assert_array_equal(data.items, again.items)


def test_zero_users_are_rejected():
    with pytest.raises(UserError, match=r"synthetic.num_users=0 must be at least 1"):
        build(SyntheticInteractionsSpec, {"num_users": 0, "num_items": 5}, "synthetic")
