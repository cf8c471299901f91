"""Layers are counted by their keys."""

import pytest

from timesuite_jax.port.tables.layers import count_layers


def test_counting_stops_at_the_first_gap():
    names = [*(f"a.layer.{number}.weight" for number in (0, 1, 3, 99999999999)), "b.layer.2.weight", "a.layer.x.weight"]
    assert count_layers(names, "a.layer") == 2


def test_a_model_without_layers_is_refused():
    with pytest.raises(KeyError, match=r"a\.layer\.0\."):
        count_layers(["a.layers.0.weight"], "a.layer")
