"""Tests for suggestions in error messages."""

from timesuite_jax.suggestions import did_you_mean


def test_closest_name_is_suggested():
    assert did_you_mean("widht", ["height", "width"]) == "did you mean 'width'?"


def test_distant_names_are_not_suggested():
    assert did_you_mean("x", ["height", "width"]) == ""
    assert did_you_mean("widht", ["width"], cutoff=0.9) == ""
