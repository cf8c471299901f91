"""Matching and losses, against SciPy and against values computed by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from timesuite_jax.internvideo2.grounding.assignment import assign
from timesuite_jax.internvideo2.grounding.set_loss import LossSpec, saliency_loss, set_loss
from timesuite_jax.internvideo2.grounding.span_overlap import generalized_iou


@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (4, 4), (5, 10)])
def test_assignment_is_as_good_as_scipys(shape):
    rng = np.random.default_rng(0)
    costs = np.concatenate(
        [
            rng.standard_normal((64, *shape)) * 10,
            rng.integers(0, 3, (64, *shape)),  # many ties
            np.zeros((1, *shape)),
        ]
    ).astype(np.float32)
    found = np.asarray(jax.jit(jax.vmap(assign))(costs))
    for cost, columns in zip(costs, found, strict=True):
        assert len(set(columns.tolist())) == shape[0] and columns.min() >= 0 and columns.max() < shape[1]
        assert cost[np.arange(shape[0]), columns].sum() == pytest.approx(
            cost[linear_sum_assignment(cost)].sum(), rel=1e-5, abs=1e-5
        )


def test_padding_does_not_change_what_others_get():
    cost = np.array([[1, 2, 9], [1, 5, 9]], np.float32)  # the second row needs column 0 more
    assert assign(jnp.asarray(cost)).tolist() == [1, 0]
    padded = np.concatenate([np.zeros((1, 3), np.float32), cost])
    assert assign(jnp.asarray(padded)).tolist() == [2, 1, 0]


def test_too_many_rows():
    with pytest.raises(ValueError, match="3 rows cannot each have one of 2 columns"):
        assign(jnp.zeros((3, 2)))


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ((0.5, 0.2), (0.5, 0.2), 1.0),
        ((0.5, 0.4), (0.5, 0.2), 0.5),
        ((0.3, 0.2), (0.5, 0.2), 0.0),  # [0.2, 0.4] touches [0.4, 0.6]
        ((0.1, 0.2), (0.9, 0.2), -0.6),  # a gap of 0.6 in a hull of 1
    ],
)
def test_generalized_iou(a, b, expected):
    assert float(generalized_iou(jnp.asarray(a), jnp.asarray(b))) == pytest.approx(expected, abs=1e-6)


def test_losses_of_a_set():
    spans = jnp.asarray([[0.9, 0.2], [0.25, 0.1], [0.5, 0.2]])
    logits, windows = jnp.asarray([0.0, 1.0, -1.0]), jnp.asarray([[0.5, 0.4], [0.9, 0.2], [0.0, 0.0]])
    valid, spec = jnp.asarray([True, True, False]), LossSpec()
    grad = jax.grad(lambda spans: sum(set_loss(spans, logits, windows, valid, spec)))
    found = set_loss(spans, logits, windows, valid, spec)
    # Window 0 gets span 2 (width off by 0.2, IoU 0.5), window 1 gets span 0 exactly; span 1 is background.
    assert float(found.l1) == pytest.approx(0.1, abs=1e-6)
    assert float(found.giou) == pytest.approx(0.25, abs=1e-6)
    expected = (np.log(2.0) + np.log1p(np.exp(1.0)) + 0.1 * np.log1p(np.exp(1.0))) / 3
    assert float(found.foreground) == pytest.approx(expected, rel=1e-5)
    gradient = np.asarray(grad(spans))
    assert np.isfinite(gradient).all() and not gradient[1].any() and gradient[2].any()
    order = jnp.asarray([2, 0, 1])
    again = set_loss(spans[order], logits[order], windows[::-1], valid[::-1], spec)
    np.testing.assert_allclose(again, found, rtol=1e-5)


def test_a_sample_without_windows_is_all_background():
    found = set_loss(jnp.asarray([[0.5, 0.5]]), jnp.zeros(1), jnp.zeros((1, 2)), jnp.zeros(1, bool), LossSpec())
    assert float(found.l1) == float(found.giou) == 0
    assert float(found.foreground) == pytest.approx(0.1 * np.log(2.0), rel=1e-5)


def test_saliency_is_ranked_against_other_rows_and_among_relevant_ones():
    level, mask = jnp.asarray([0.0, 1.0, 5.0, 0.0]), jnp.asarray([True, True, True, False])
    ranked = saliency_loss(jnp.asarray([0.0, 1.0, 2.0, 9.0]), level, mask, 0.2)
    assert float(ranked) == 0
    # Row 1 should exceed row 0 and does not (0.2 + 1), row 2 does; row 2 should exceed row 1 and does.
    swapped = saliency_loss(jnp.asarray([1.0, 0.0, 2.0, 9.0]), level, mask, 0.2)
    assert float(swapped) == pytest.approx(1.2 / 2, rel=1e-6)
    reversed_ = saliency_loss(jnp.asarray([0.0, 2.0, 1.0, 9.0]), level, mask, 0.2)
    assert float(reversed_) == pytest.approx(1.2, rel=1e-6)
