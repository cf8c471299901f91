"""Calibration metrics against values derived by hand."""

import numpy as np
import pytest

from timesuite_jax.metrics.calibration import (
    auroc,
    calibration_error,
    fit_temperature,
    risk_coverage,
    scale_temperature,
)


def test_calibration_error_by_hand():
    # Bins [.1, .2): mean .15, frequency 1/2; [.9, 1]: mean .95, frequency 1. (2 * .35 + 2 * .05) / 4
    probabilities, outcomes = np.array([0.1, 0.2 - 1e-9, 0.9, 1.0]), np.array([True, False, True, True])
    assert calibration_error(probabilities, outcomes) == pytest.approx(0.2)


def test_auroc_by_hand():
    # Pairs of a True and a False: .9 > .4, .9 > .6, .6 > .4, and .6 = .6 counts half.
    probabilities, outcomes = np.array([0.9, 0.6, 0.4, 0.6]), np.array([True, True, False, False])
    assert auroc(probabilities, outcomes) == 3.5 / 4
    assert np.isnan(auroc(probabilities, np.ones(4, bool)))


@pytest.mark.parametrize("temperature", [0.25, 1.0, 4.0])
def test_the_temperature_of_an_overconfident_model_is_found(temperature: float):
    # Outcomes occur exactly as often as the probabilities p have it; the model states them at 1 / temperature.
    p = np.repeat(np.array([0.1, 0.25, 0.5, 0.75, 0.9]), 20_000)  # so many that Platt's targets are 0 and 1
    outcomes = np.tile(np.arange(20_000), 5) < np.round(p * 20_000)
    stated = scale_temperature(p, 1 / temperature)
    found = fit_temperature(stated, outcomes)
    assert found == pytest.approx(temperature, rel=1e-3)
    assert calibration_error(scale_temperature(stated, found), outcomes) < 1e-3
    assert auroc(scale_temperature(stated, found), outcomes) == pytest.approx(auroc(stated, outcomes))


def test_predictions_without_a_mistake_are_not_made_certain():
    # By hand: of 9 and 9 examples at .8 and .2, the targets are 10/11 and 1/11, whose logits are log 10 and -log 10.
    probabilities, outcomes = np.repeat([0.8, 0.2], 9), np.repeat([True, False], 9)
    assert fit_temperature(probabilities, outcomes) == pytest.approx(np.log(4) / np.log(10), rel=1e-3)


def test_risk_coverage_by_hand():
    coverage, risk = risk_coverage(np.array([0.9, 0.5, 0.5, 0.1]), np.array([True, True, False, False]))
    np.testing.assert_allclose(coverage, [0.25, 0.5, 0.75, 1.0])
    # Of the two answers of confidence .5 one is wrong: each counts half.
    np.testing.assert_allclose(risk, [0, 0.25, 1 / 3, 0.5])
