"""Coverage of held-out items by transitions, on histories short enough to count by hand."""

import numpy as np
import transition_coverage

from timesuite_jax.data.interactions import Interactions


def test_fractions_equal_those_counted_by_hand(tmp_path, capsys):
    """Training has 0-1 twice, 3-0 and 1-2; validation has 1-2 and 2-3; testing has 2-0 and 3-1."""
    start, items = np.array([0, 2, 6]), np.array([0, 1, 3, 0, 1, 2])
    validation, test = np.array([2, 3]), np.array([0, 1])
    Interactions(start, items, validation, test, 4).save(tmp_path / "small.npz")
    transition_coverage.main([str(tmp_path / "small.npz")])
    assert capsys.readouterr().out.splitlines()[-1] == "| Small | 50.0% | 50.0% | 0.0% |"
