"""The report of calibration: temperatures are fitted on other groups than they are measured on."""

import numpy as np

from timesuite_jax.evaluation.calibration import calibration_report
from timesuite_jax.metrics.calibration import scale_temperature


def test_an_overconfident_model_is_calibrated_on_other_videos():
    rng = np.random.default_rng(0)
    p = rng.uniform(0, 1, 4000)
    outcomes = rng.uniform(0, 1, 4000) < p
    report = calibration_report(scale_temperature(p, 0.25), outcomes, [f"video{n}" for n in range(4000)])
    # Standard error of a bin of 400 is at most .025; the mean distance of ten bins stays below it.
    assert report["ece"] < 0.025 < 0.1 < report["ece_as_answered"]
    assert abs(report["temperature"] - 4) < 0.5 and report["n"] == 4000
    risks = list(report["risk_at_coverage"].values())
    assert risks == sorted(risks)


def test_one_video_has_no_held_out_half():
    report = calibration_report(np.array([0.2, 0.9]), np.array([False, True]), ["a", "a"])
    assert report["auroc"] == 1 and "ece" not in report
