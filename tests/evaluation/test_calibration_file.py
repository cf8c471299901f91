"""Temperatures beside a run: stored by kind, used for the checkpoint that they were fitted on, damage reported."""

import json

import pytest
from scipy.special import expit, logit

from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.calibration_file import (
    CALIBRATION_NAME,
    UNCALIBRATED,
    Calibration,
    read_calibration,
    save_calibration,
)


def result(of, temperature, auroc=0.9):
    report = {"of": of, "n": 9, "auroc": auroc, "ece_as_answered": 0.2, "temperature": temperature, "reliability": {}}
    return {"calibration": report, "settings": {"benchmark": "presence", "weights": "ab12", "platform": "cpu"}}


def test_temperatures_are_of_a_checkpoint_and_of_a_kind(tmp_path, caplog):
    save_calibration(tmp_path, 5, result("happens", 2.0))
    save_calibration(tmp_path, 5, result("confidences", 0.5))
    assert read_calibration(tmp_path, 5) == Calibration(2.0, 0.5) and not caplog.text
    save_calibration(tmp_path, 6, result("happens", 3.0))
    assert read_calibration(tmp_path, 6) == Calibration(happens=3.0)
    assert "confidences of calibration.json: fitted for checkpoint 5, not used for 6" in caplog.text
    stored = json.loads((tmp_path / CALIBRATION_NAME).read_text())["happens"]
    assert stored == {
        "temperature": 3.0, "n": 9, "auroc": 0.9, "ece_as_answered": 0.2,
        "step": 6, "benchmark": "presence", "weights": "ab12",
    }  # fmt: skip


def test_probabilities_are_scaled():
    assert Calibration(happens=2.0).scale("happens", 0.9) == pytest.approx(expit(logit(0.9) / 2))
    assert Calibration(happens=2.0).scale("confidences", 0.9) == 0.9
    assert Calibration(confidences=1.0) and not UNCALIBRATED


@pytest.mark.parametrize(
    "content",
    ["", "[]", '{"happens": 1}', '{"happens": {"temperature": 0, "step": 1}}', '{"happens": {"temperature": 1.0}}',
     '{"happens": {"temperature": "x", "step": 1}}', '{"happens": {"temperature": NaN, "step": 1}}'],
)  # fmt: skip
def test_a_damaged_file_is_reported(tmp_path, content):
    (tmp_path / CALIBRATION_NAME).write_text(content)
    with pytest.raises(UserError, match=r"calibration\.json is damaged .*; remove it, or fit it again"):
        read_calibration(tmp_path, 1)


def test_what_cannot_be_fitted_is_reported(tmp_path):
    with pytest.raises(UserError, match="no answer has a confidence"):
        save_calibration(tmp_path, 1, {"settings": {}})
    with pytest.raises(UserError, match="are alike"):
        save_calibration(tmp_path, 1, result("happens", 1.0, auroc=None))
