"""The losses of MQSA-TED equal upstream's dense formulas in value and gradient, without all scores in memory."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array

from tests.support.program_shapes import shapes_of
from timesuite_jax.mqsa_ted.objectives.cross_entropy import item_cross_entropy
from timesuite_jax.mqsa_ted.objectives.transition_distillation import (
    LOG_EPSILON,
    Teacher,
    make_teacher,
    transition_distillation,
)
from timesuite_jax.mqsa_ted.objectives.weight_penalty import half_squared_norm

R, D, V = 23, 4, 31


def transitions() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Transitions with an item that many follow, one that none follows, and some that follow themselves."""
    rng = np.random.default_rng(1)
    dense = rng.integers(1, 6, (V, V)) * (rng.random((V, V)) < 0.2)
    dense[3], dense[5] = 0, 1
    head, tail = np.nonzero(dense)
    return np.searchsorted(head, np.arange(V + 1)), tail, dense[head, tail]


def dense_counts() -> np.ndarray:
    start, tail, count = transitions()
    dense = np.zeros((V, V))
    dense[np.repeat(np.arange(V), np.diff(start)), tail] = count
    return dense


def case(scale: float) -> tuple[dict[str, Array], Array, Array]:
    keys = jax.random.split(jax.random.key(0), 4)
    leaves = {
        "rows": scale * jax.random.normal(keys[0], (R, D)),
        "table": scale * jax.random.normal(keys[1], (V, D)),
    }
    return leaves, jax.random.randint(keys[2], (R,), 0, V), jax.random.uniform(keys[3], (R,)) < 0.6


def dense_cross_entropy(leaves: dict[str, Array], items: Array, counts: Array, _: float) -> Array:
    scores = jnp.pad(leaves["rows"] @ leaves["table"].T, ((0, 0), (0, 1)))  # the padding class, with score 0
    nll = -jnp.take_along_axis(jax.nn.log_softmax(scores), items[:, None], axis=-1)[:, 0]
    return jnp.sum(jnp.where(counts, nll, 0.0))


def dense_distillation(leaves: dict[str, Array], items: Array, counts: Array, tau: float) -> Array:
    """Upstream's formula, in the precision of its arguments."""
    dense = jnp.asarray(dense_counts(), leaves["rows"].dtype)[items]
    teacher = jax.nn.softmax(dense / (jnp.max(dense, axis=1, keepdims=True) + 1e-24) / tau)
    student = jax.nn.softmax(leaves["rows"] @ leaves["table"].T / tau)
    return jnp.sum(jnp.where(counts, -jnp.sum(teacher * jnp.log(student + LOG_EPSILON), axis=-1), 0.0))


def cross_entropy(leaves: dict[str, Array], items: Array, counts: Array, tau: float, chunk: int) -> Array:
    return item_cross_entropy(leaves["rows"], leaves["table"], items, counts, chunk=chunk)


def distillation(leaves: dict[str, Array], items: Array, counts: Array, tau: float, chunk: int) -> Array:
    teacher = make_teacher(*transitions(), tau=tau)
    return transition_distillation(leaves["rows"], leaves["table"], items, counts, teacher, tau=tau, chunk=chunk)


LOSSES = {"cross entropy": (cross_entropy, dense_cross_entropy), "distillation": (distillation, dense_distillation)}


@pytest.mark.parametrize("names", LOSSES)
@pytest.mark.parametrize("chunk", [1, 4, 64])
def test_equals_the_dense_loss(names: str, chunk: int):
    ours, plain = LOSSES[names]
    leaves, items, counts = case(1.0)
    items = jnp.where(counts, items, V)  # padding
    factor = 0.37  # to test the cotangent
    (value, grads), (expected, wanted) = (
        jax.jit(jax.value_and_grad(lambda x, f=f, rest=rest: factor * f(x, items, counts, 0.5, *rest)))(leaves)
        for f, rest in ((ours, (chunk,)), (plain, ()))
    )
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    jax.tree.map(lambda a, e: np.testing.assert_allclose(a, e, rtol=1e-5, atol=1e-6), grads, wanted)
    assert not np.any(grads["rows"][~counts]) and np.all(np.any(grads["rows"][counts], axis=-1))


def test_epsilon_bounds_loss_and_gradient_of_vanishing_probabilities():
    leaves, items, counts = case(3.0)
    tau = 0.1
    scores = np.asarray(leaves["rows"] @ leaves["table"].T, np.float64)[np.asarray(counts)] / tau
    lowest = (scores - scores.max(-1, keepdims=True)).min()
    assert lowest < 2 * np.log(LOG_EPSILON), "no probability is below the epsilon"
    with jax.enable_x64(True):  # float64, so that the reference does not underflow
        wide = jax.tree.map(lambda x: jnp.asarray(np.asarray(x, np.float64)), leaves)
        reference = jax.jit(jax.value_and_grad(lambda x: dense_distillation(x, items, counts, tau)))
        expected, wanted = reference(wide)
        expected, wanted = jax.device_get((expected, wanted))
    value, grads = jax.jit(jax.value_and_grad(lambda x: distillation(x, items, counts, tau, 4)))(leaves)
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    for name, grad in grads.items():
        np.testing.assert_allclose(grad, wanted[name], rtol=1e-4, atol=2e-5 * np.abs(wanted[name]).max())


def test_without_slots_all_is_zero():
    leaves, items, _ = case(1.0)
    for ours, _ in LOSSES.values():
        value, grads = jax.jit(jax.value_and_grad(lambda x, ours=ours: ours(x, items, jnp.zeros(R, bool), 0.5, 4)))(
            leaves
        )
        assert value == 0
        assert not any(np.any(g) for g in jax.tree.leaves(grads))


@pytest.mark.parametrize("names", LOSSES)
def test_neither_all_scores_nor_a_dense_teacher_are_computed(names: str):
    ours, _ = LOSSES[names]
    leaves, items, counts = case(1.0)
    shapes = shapes_of(jax.make_jaxpr(jax.grad(lambda x: ours(x, items, counts, 0.5, 4)))(leaves).jaxpr)
    assert (4, V) in shapes, "shapes within the loop are not found"
    assert not {(R, V), (V, V)} & shapes


def test_value_without_gradient_has_one_product():
    leaves, items, counts = case(1.0)
    for ours, _ in LOSSES.values():
        program = jax.make_jaxpr(lambda x, ours=ours: ours(x, items, counts, 0.5, 4))(leaves)
        assert str(program).count("dot_general") == 1
        assert (
            str(jax.make_jaxpr(jax.grad(lambda x, ours=ours: ours(x, items, counts, 0.5, 4)))(leaves)).count(
                "dot_general"
            )
            == 3
        )


@pytest.mark.parametrize("tau", [0.004, 0.1, 1.0])
def test_sparse_teacher_is_the_softmax_of_the_counts(tau: float):
    teacher: Teacher = make_teacher(*transitions(), tau=tau)
    dense = dense_counts()
    scaled = dense / (dense.max(1, keepdims=True) + 1e-24) / tau
    weights = np.exp(scaled - scaled.max(1, keepdims=True))
    expected = weights / weights.sum(1, keepdims=True)
    rows = np.repeat(np.asarray(teacher.background)[:, None], V, axis=1)
    head = np.repeat(np.arange(V), np.diff(teacher.start))
    rows[head, np.asarray(teacher.tail)] += np.asarray(teacher.excess)
    np.testing.assert_allclose(rows, expected, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(rows.sum(1), 1.0, rtol=1e-6)
    np.testing.assert_allclose(rows[3], 1 / V, rtol=1e-6)  # without transitions: uniform


def test_half_squared_norm():
    params = {"a": jnp.array([3.0, 4.0]), "b": {"c": jnp.array([[2.0]])}}
    assert half_squared_norm(params) == 14.5


def test_errors():
    leaves, items, counts = case(1.0)
    with pytest.raises(ValueError, match="chunk=0"):
        cross_entropy(leaves, items, counts, 1.0, 0)
    with pytest.raises(ValueError, match="tau=0"):
        make_teacher(*transitions(), tau=0)
    with pytest.raises(ValueError, match="no transitions"):
        make_teacher(np.zeros(V + 1, int), np.zeros(0, int), np.zeros(0, int), tau=1.0)
