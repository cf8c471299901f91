"""Scores, losses and gradients of the first batch equal those of upstream's graph."""

from typing import Any

import jax
import numpy as np
import pytest

from tests.support.golden_case import GoldenCase, Losses
from timesuite_jax.evaluation import item_scores

# Derived in the README of the goldens from float32 and float64 runs of a second implementation.
LOSS_ATOL = 4e-6
LOGITS_ATOL = 2e-6  # at least; see `change_by_rounding`
GRADIENT_RTOL = 5e-5  # of the largest element of the tensor
SHARP_TAU, SHARP_GRADIENT_RTOL = 0.1, 2e-4  # for low temperatures, at which the epsilon in the logarithm matters
# Absolute tolerance for gradients that are zero up to rounding (a key's bias, before L2).
NOISE = 1e-8


def first(case: GoldenCase) -> Losses:
    """Computes losses and gradients of the first batch at the initial variables."""
    return case.train(case.params(), case.stream().batch(case.arrays["batch_users"]))


def check_gradient(case: GoldenCase, part: str) -> None:
    if part == "grad":
        actual = case.leaves(first(case).grad)
    else:
        actual = case.leaves(case.gradients_of_terms(case.params(), case.arrays["batch_users"])[part])
    expected = case.named(part)
    share = SHARP_GRADIENT_RTOL if case.meta["tau"] <= SHARP_TAU and part != "grad_rec" else GRADIENT_RTOL
    assert expected and set(expected) <= set(actual)
    assert all(np.isfinite(target).all() for target in expected.values())
    for name, value in actual.items():
        # The goldens omit variables on which a loss does not depend.
        target = expected.get(name, np.zeros_like(value))
        error, size = np.abs(value - target).max(), np.abs(target).max()
        assert error <= share * size + NOISE, f"{name}: {error:.1e} of {size:.1e}"


def logits_of(case: GoldenCase, params: dict[str, Any]) -> np.ndarray:
    out = case.on(params, case.pairs[0][case.arrays["batch_users"]])
    return np.asarray(item_scores(out.hidden, params["item_embedding"]))


def change_by_rounding(case: GoldenCase) -> float:
    """The largest change of a logit when all parameters change by float32's epsilon, in eight random ways.

    Norms divide by the deviation of a slot's vector, which is small for some slots of some cases: there, rounding
    changes logits by more than in others.
    """
    rng, params, epsilon = np.random.default_rng(0), case.params(), np.finfo(np.float32).eps

    def change(value: jax.Array) -> jax.Array:
        return value * (1 + rng.choice([-epsilon, epsilon], value.shape)).astype(np.float32)

    exact = logits_of(case, params)
    return float(max(np.abs(logits_of(case, jax.tree.map(change, params)) - exact).max() for _ in range(8)))


def test_logits_at_every_position(case: GoldenCase):
    logits = logits_of(case, case.params())
    logits = np.pad(logits, ((0, 0), (0, 0), (0, 1)))  # upstream's padding class, always 0
    assert logits.shape == case.arrays["logits_full"].shape
    # Two programs in float32, each of which rounds in its own way.
    atol = max(LOGITS_ATOL, 2 * change_by_rounding(case))
    np.testing.assert_allclose(logits, case.arrays["logits_full"], rtol=0, atol=atol)


def test_heads_are_the_items_of_the_inputs(case: GoldenCase):
    inputs = case.pairs[0][case.arrays["batch_users"]]
    np.testing.assert_array_equal(inputs[inputs != case.meta["num_item"]], case.arrays["item_head"])
    assert case.on(case.params(), inputs).count == len(case.arrays["item_head"])


def test_losses(case: GoldenCase):
    total, rec, kd, *_ = first(case)
    assert total == pytest.approx(case.meta["loss"], abs=LOSS_ATOL, rel=0)
    assert rec == pytest.approx(case.meta["loss_rec"], abs=LOSS_ATOL, rel=0)
    # The distillation loss is about 30, for which 4e-6 is close to the precision of float32.
    assert kd == pytest.approx(case.meta["loss_kd"], rel=1e-6)


def test_gradient_of_the_total_loss(case: GoldenCase):
    check_gradient(case, "grad")


@pytest.mark.parametrize("part", ["grad_rec", "grad_kd"])
def test_gradients_of_the_loss_terms(case_with_parts: GoldenCase, part: str):
    check_gradient(case_with_parts, part)
