"""JSON that any program reads."""

import json
import math
from collections import OrderedDict

import pytest

from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.prediction_log import PredictionLog
from timesuite_jax.json_text import to_json


def refuse(constant):
    raise ValueError(constant)


def test_numbers_that_are_not_finite_are_null():
    value = {"a": math.nan, "b": [1.5, (math.inf, "NaN")], "c": OrderedDict(d=-math.inf, e=None, f=True)}
    expected = {"a": None, "b": [1.5, [None, "NaN"]], "c": {"d": None, "e": None, "f": True}}
    assert json.loads(to_json(value, indent=1), parse_constant=refuse) == expected


def test_a_prediction_that_is_not_finite_is_an_error(tmp_path):
    """It could not be read again."""
    log = PredictionLog(tmp_path, {}, 0)
    with pytest.raises(UserError, match="prediction for a/3 has a number that is NaN or infinite; check its weights"):
        log.append({"a/3": {"prediction": {"probabilities": [0.5, math.nan]}}})
    assert log.read() == {}
