"""MQSA: windows, masks, packing and dropout; tests/parity compares its numbers with upstream's."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn
from jaxtyping import Array

from timesuite_jax import param_tree
from timesuite_jax.errors import UserError
from timesuite_jax.mqsa_ted.model import Mqsa, MqsaSpec
from timesuite_jax.mqsa_ted.model.block import Slots, window_mean

SPEC = MqsaSpec(items=11, width=8, max_len=6, blocks=2, heads=2)
PAD = SPEC.padding


def params_of(spec: MqsaSpec, seed: int = 0) -> dict:
    """Random parameters: the initial norms and biases would hide errors."""
    shapes = nn.meta.unbox(jax.eval_shape(Mqsa(spec).init, jax.random.key(0), jnp.zeros((1, 1), jnp.int32))["params"])
    rng = np.random.default_rng(seed)
    return jax.tree.map(lambda x: jnp.asarray(rng.normal(size=x.shape), x.dtype), shapes)


def histories(*rows: list[int], length: int = SPEC.max_len) -> Array:
    return jnp.array([[PAD] * (length - len(row)) + row for row in rows], jnp.int32)


@functools.partial(jax.jit, static_argnums=2)
def encode(params: dict, items: Array, spec: MqsaSpec = SPEC) -> tuple[Array, dict[str, Array]]:
    return Mqsa(spec).apply({"params": params}, items)


def run(params: dict, items: Array, spec: MqsaSpec = SPEC) -> Array:
    return encode(params, items, spec)[0]


def test_shorter_windows_give_the_same_numbers_and_gradients():
    params = params_of(SPEC)

    def last(params: dict, length: int) -> Array:
        items = histories([3, 1, 4], [5], [0, 10, 0], length=length)
        hidden = run(params, items)[:, -3:]
        return jnp.where((items != PAD)[:, -3:, None], hidden, 0.0)

    full, short = last(params, SPEC.max_len), last(params, 3)
    np.testing.assert_allclose(short, full, rtol=1e-5, atol=1e-6)
    slope = jax.jit(jax.grad(lambda p, n: jnp.sum(jnp.sin(last(p, n)))), static_argnums=1)
    grads = [slope(params, length) for length in (SPEC.max_len, 3)]
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), *grads)
    assert not np.any(grads[1]["position_embedding"][:-3]) and np.all(grads[1]["position_embedding"][-3:])


def test_packed_rows_give_the_same_numbers_and_gradients():
    params = params_of(SPEC)
    rows = [3, 1, 4], [5], [0, 10], [2, 2, 6, 8, 2, 1]
    packed = jnp.array([[5, 3, 1, 4, 0, 10], [2, 2, 6, 8, 2, 1], [PAD] * 6])
    segments = jnp.array([[1, 0, 0, 0, 2, 2], [3] * 6, [-1] * 6])
    positions = jnp.array([[5, 3, 4, 5, 4, 5], list(range(6)), [0] * 6])
    places = [(0, slice(1, 4)), (0, slice(0, 1)), (0, slice(4, 6)), (1, slice(0, 6))]

    def apart(params: dict) -> Array:
        hidden, aux = Mqsa(SPEC).apply({"params": params}, histories(*rows))
        return jnp.concatenate([(hidden + aux["heads"])[at, -len(row) :] for at, row in enumerate(rows)])

    def together(params: dict) -> Array:
        hidden, aux = Mqsa(SPEC).apply({"params": params}, packed, segments, positions)
        return jnp.concatenate([(hidden + aux["heads"])[place] for place in places])

    (apart_out, apart_grad), (out, grad) = (
        jax.jit(lambda p, f=f: (f(p), jax.grad(lambda p: jnp.sum(jnp.sin(f(p))))(p)))(params) for f in (apart, together)
    )
    np.testing.assert_allclose(out, apart_out, rtol=1e-5, atol=1e-6)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), grad, apart_grad)


def test_attention_is_causal():
    params = params_of(SPEC)
    before, after = (run(params, histories([3, 1, 4, last])) for last in (2, 7))
    np.testing.assert_array_equal(before[:, :-1], after[:, :-1])
    assert np.all(before[:, -1] != after[:, -1])


def test_output_at_padding_is_the_final_bias():
    params = params_of(SPEC)
    items = histories([3], [])
    bias = {name: params[name]["norm"]["bias"] for name in ("short", "long")}
    mixed = SPEC.alpha * bias["short"] + (1 - SPEC.alpha) * bias["long"]
    hidden = run(params, items)
    np.testing.assert_allclose(hidden[1], np.broadcast_to(mixed, hidden[1].shape), rtol=1e-6)
    grads = jax.jit(jax.grad(lambda p: jnp.sum(run(p, items)[1] ** 2)))(params)
    moved = {path for path, leaf in param_tree.leaves_with_paths(grads) if np.any(leaf)}
    assert moved == {("short", "norm", "bias"), ("long", "norm", "bias")}
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(grads))


def test_initial_parameters_have_finite_gradients():
    """Initial biases are zero, and so are the inputs of norms at padding, where the derivative is 1e12."""
    params = nn.meta.unbox(jax.jit(Mqsa(SPEC).init)(jax.random.key(0), histories([3])))["params"]
    grads = jax.jit(jax.grad(lambda p: jnp.sum(jnp.sin(run(p, histories([3, 1], [5]))))))(params)
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(grads))


@pytest.mark.parametrize("window", [1, 2, 3, 9])
def test_window_mean_counts_valid_items_only(window: int):
    rng = np.random.default_rng(0)
    valid = np.array([[0, 0, 1, 1, 1, 1], [1] * 6, [0] * 6], bool)
    x = rng.normal(size=(*valid.shape, 2)).astype(np.float32) * valid[..., None]
    expected = np.zeros_like(x)
    for row, slot in np.argwhere(valid):
        span = slice(max(0, slot - window + 1), slot + 1)
        expected[row, slot] = x[row, span][valid[row, span]].mean(axis=0)
    actual = window_mean(jnp.asarray(x), Slots(jnp.asarray(valid), jnp.zeros(valid.shape, int)), window)
    np.testing.assert_allclose(actual, expected, rtol=1e-6, atol=1e-7)
    if window == 1:
        np.testing.assert_array_equal(actual, x)


def test_alpha_weights_the_short_branch():
    params, items = params_of(SPEC), histories([3, 1, 4])
    _, aux = encode(params, items)
    for alpha, name, other in ((1.0, "short", "long"), (0.0, "long", "short")):
        mixed, single = encode(params, items, dataclasses.replace(SPEC, alpha=alpha))
        # Another program, which may round sums differently: some units in the last place of values around 1.
        np.testing.assert_allclose(mixed, aux[name], rtol=1e-6, atol=1e-6)
        assert other not in single, "a branch of weight 0 was run"
    assert np.all(aux["short"][:, -1] != aux["long"][:, -1])


def test_item_table_is_embedding_plus_projected_features():
    spec = dataclasses.replace(SPEC, features=3)
    params = params_of(spec)
    params["item_trained"] = (jnp.arange(spec.items) != 4).astype(jnp.float32)[:, None]
    table = Mqsa(spec).apply({"params": params}, method="item_table")
    projected = params["item_features"] @ params["feature_projection"]
    np.testing.assert_allclose(table[4], projected[4], rtol=1e-6)
    np.testing.assert_allclose(table[5], (params["item_embedding"] + projected)[5], rtol=1e-6)
    # A model without features that has this table as embedding is equivalent.
    plain = {name: params[name] for name in params if not name.startswith(("feature", "item_"))}
    items = histories([3, 4, 1])
    expected = encode({**plain, "item_embedding": table}, items, SPEC)
    for actual, wanted in zip(jax.tree.leaves(encode(params, items, spec)), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(actual, wanted, rtol=1e-4, atol=1e-5)


def test_branches_share_input_dropout_and_heads_have_their_own():
    spec = dataclasses.replace(SPEC, blocks=1, window=1)
    params = params_of(spec)
    params["long"], params["position_embedding"] = params["short"], jnp.zeros_like(params["position_embedding"])
    model, items = Mqsa(spec), histories([3, 1, 4], [2, 2])

    @jax.jit
    def draw(seed: int) -> dict[str, Array]:
        rngs = {"dropout": jax.random.key(seed)}
        (_, aux), made = model.apply(
            {"params": params}, items, deterministic=False, rngs=rngs, capture_intermediates=True
        )
        return {**aux, "input": made["intermediates"]["input_dropout"]["__call__"][0]}

    one, two = draw(0), draw(1)
    valid = np.asarray(items != PAD)
    dropped = np.asarray(one["input"] == 0)[valid], np.asarray(one["heads"] == 0)[valid]
    assert all(0.2 < share.mean() < 0.8 for share in dropped)
    assert np.any(dropped[0] != dropped[1])
    # The second history has one item twice: the masks differ.
    assert np.any(one["heads"][1, -1] != one["heads"][1, -2])
    assert np.any(one["input"] != two["input"])


def test_number_of_parameters_on_beauty_is_upstreams():
    spec = MqsaSpec(items=12101)
    shapes = jax.eval_shape(Mqsa(spec).init, jax.random.key(0), jnp.zeros((1, 1), jnp.int32))["params"]
    tables, block, norm = (12101 + 50) * 64, 5 * (64 * 64 + 64) + 4 * 64, 2 * 64
    assert sum(leaf.size for leaf in jax.tree.leaves(nn.meta.unbox(shapes))) == tables + 2 * (block + norm)
    assert shapes["item_embedding"].names == ("vocab", "embed")
    assert shapes["long"]["blocks"]["fc1"]["kernel"].names == ("layers", "embed", "mlp")


def test_error_on_long_histories():
    with pytest.raises(ValueError, match=r"7 slots.*mqsa\.max_len=6"):
        run(params_of(SPEC), histories([1], length=7))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"items": 0}, "MqsaSpec.items=0 must be at least 1"),
        ({"heads": 3}, "model.heads=3 does not divide model.width=8"),
        ({"alpha": 1.5}, "MqsaSpec.alpha=1.5 must be at most 1"),
        ({"dropout": 1.0}, "MqsaSpec.dropout=1.0 must be below 1"),
        ({"window": 0}, "MqsaSpec.window=0 must be at least 1"),
    ],
)
def test_errors(change: dict, message: str):
    with pytest.raises(UserError, match=message):
        dataclasses.replace(SPEC, **change)
