"""One measure of "equal to the original" for every parity test; nobody loosens it in a test of his own.

Two conditions: the error in norm relative to the expected array (design: 1e-5 forward, 1e-4 for gradients), and each
element within an absolute bound that the dump's README derives from float32 against float64 runs of the original.
"""

import numpy as np

FORWARD = 1e-5
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
    """Euclidean norm of the difference over that of the expected array; 0 where both are zero."""
    difference = np.linalg.norm(np.asarray(actual, np.float64) - np.asarray(expected, np.float64))
    return float(difference / norm) if (norm := np.linalg.norm(np.asarray(expected, np.float64))) else float(difference)


def assert_close(actual: np.ndarray, expected: np.ndarray, kind: str, name: str = "") -> None:
    """Fails unless `actual` equals `expected` as closely as its kind (a key of `ATOL`) demands."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape, f"{name}: shape {actual.shape}, expected {expected.shape}"
    assert np.isfinite(actual).all(), f"{name}: not finite"
    error = relative_error(actual, expected)
    bound = GRADIENT if kind == "gradient" else FORWARD
    assert error <= bound, f"{name}: relative error {error:.2e} exceeds {bound:.0e}"
    np.testing.assert_allclose(actual, expected, rtol=ELEMENT_RTOL, atol=ATOL[kind], err_msg=name)
