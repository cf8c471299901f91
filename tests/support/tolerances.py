"""Tolerances of all parity tests, which no test may loosen.

Two conditions apply: the norm of the error relative to that of the expected array (at most 1e-5 forward, 1e-4 for
gradients), and an absolute bound per element, derived in the README of the goldens from float32 and float64 runs of
upstream.
"""

import numpy as np

FORWARD = 1e-5
BFLOAT16 = 2**-8  # what rounding to 8 significant bits changes at most, relative to a number
GRADIENT = 1e-4
ELEMENT_RTOL = 1e-4  # on top of the absolute bound
ATOL = {
    "vision": 5e-5,
    "qformer": 2e-5,
    "encode": 5e-5,
    "logits": 2e-4,
    "logsumexp": 5e-5,
    "loss": 2e-5,
    "gradient": 2e-5,
}


def relative_error(actual: np.ndarray, expected: np.ndarray) -> float:
    """Returns the Euclidean norm of the difference relative to that of the expected array; 0 if both are zero."""
    difference = np.linalg.norm(np.asarray(actual, np.float64) - np.asarray(expected, np.float64))
    return float(difference / norm) if (norm := np.linalg.norm(np.asarray(expected, np.float64))) else float(difference)


def assert_close(actual: np.ndarray, expected: np.ndarray, kind: str, name: str = "") -> None:
    """Asserts that `actual` equals `expected` within the tolerances of `kind`, a key of `ATOL`."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape, f"{name}: shape {actual.shape}, expected {expected.shape}"
    assert np.isfinite(actual).all(), f"{name}: not finite"
    error = relative_error(actual, expected)
    bound = GRADIENT if kind == "gradient" else FORWARD
    assert error <= bound, f"{name}: relative error {error:.2e} exceeds {bound:.0e}"
    np.testing.assert_allclose(actual, expected, rtol=ELEMENT_RTOL, atol=ATOL[kind], err_msg=name)
