"""The run-time checks of shapes that every other test runs with."""

import jax.numpy as jnp
import jaxtyping
import numpy as np
import pytest

from timesuite_jax import suggestions
from timesuite_jax.metrics.grounding import GroundingScores
from timesuite_jax.objectives.feature_reconstruction import feature_distance


def test_wrong_shapes_are_errors():
    student, teacher = jnp.ones([2, 1, 3, 4]), jnp.ones([2, 1, 5, 4])
    with pytest.raises(jaxtyping.TypeCheckError, match="teacher"):
        feature_distance(student, teacher)


def test_wrong_shapes_in_dataclasses_are_errors():
    with pytest.raises(jaxtyping.TypeCheckError, match="examples"):
        GroundingScores(np.zeros(3), parsed=np.zeros(3, bool), absent=np.zeros(2, bool))


def test_functions_without_arrays_are_not_slowed_down():
    assert hasattr(feature_distance, "__wrapped__")
    functions = [value for value in vars(suggestions).values() if callable(value) and hasattr(value, "__code__")]
    assert functions and not any(hasattr(each, "__wrapped__") for each in functions)
