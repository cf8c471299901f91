"""The Q-Former: stacking, dropout, gradients and sharding."""

import dataclasses
import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn
from jax.sharding import NamedSharding, PartitionSpec

from tests.support.random_params import random_params
from tests.support.tolerances import BFLOAT16, relative_error
from timesuite_jax import parallel, param_tree
from timesuite_jax.errors import UserError
from timesuite_jax.hlo import parse
from timesuite_jax.models.text import QFormer, QFormerSpec

DEBUG = QFormerSpec.from_variant("debug")
CLIPS, LENGTH = 3, 5


def inputs(spec: QFormerSpec) -> tuple[jax.Array, ...]:
    keys = jax.random.split(jax.random.key(0), 3)
    queries = jax.random.normal(keys[0], (CLIPS, spec.tokens, spec.width))
    vision = jax.random.normal(keys[1], (CLIPS, 7, 24))
    if not spec.text_input:
        return queries, vision
    text = jax.random.randint(keys[2], (CLIPS, LENGTH), 0, spec.vocab)
    return queries, vision, text, jnp.arange(LENGTH)[None] < jnp.asarray([5, 3, 0])[:, None]


@functools.lru_cache
def init(spec: QFormerSpec) -> dict[str, Any]:
    return random_params(QFormer(spec).init, *inputs(spec))


@pytest.mark.parametrize(("layers", "text_input"), [(1, True), (2, False), (3, True), (4, True), (5, False)])
def test_any_number_of_layers(layers: int, text_input: bool):
    spec = dataclasses.replace(DEBUG, layers=layers, text_input=text_input)
    params = nn.meta.unbox(jax.eval_shape(QFormer(spec).init, jax.random.key(1), *inputs(spec)))["params"]
    leaves = {"/".join(path): leaf.shape for path, leaf in param_tree.leaves_with_paths(params)}
    pairs = {shape[0] for path, shape in leaves.items() if path.startswith("pairs")}
    assert pairs == ({layers // 2} if layers > 1 else set())
    crossed = [path for path in leaves if path.endswith("cross_attention/norm/scale")]
    assert sorted(crossed) == [
        f"{place}/cross_attention/norm/scale" for place in ["last_even"] * (layers % 2) + ["pairs/even"] * (layers > 1)
    ]
    assert any("text_mlp" in path for path in leaves) == text_input
    out, aux = jax.eval_shape(QFormer(spec).apply, {"params": params}, *inputs(spec))
    assert (aux["text"] is not None) == text_input
    assert out.shape == (CLIPS, spec.tokens, spec.width)


def scalar(out: jax.Array) -> jax.Array:
    """A scalar to differentiate; not the sum of squares, which the last norm keeps constant."""
    return jnp.sum(jnp.sin(out))


def test_scanned_equals_unrolled():
    spec = dataclasses.replace(DEBUG, layers=5)
    rngs = {"dropout": jax.random.key(2), "drop_path": jax.random.key(3)}

    @functools.partial(jax.jit, static_argnums=0)
    def run(spec: QFormerSpec, params: dict) -> jax.Array:
        return QFormer(spec).apply(params, *inputs(spec), deterministic=False, rngs=rngs)[0]

    unrolled = run(dataclasses.replace(spec, unroll=True), init(spec))
    np.testing.assert_allclose(unrolled, run(spec, init(spec)), atol=1e-5)


def test_rematerialised_gradients_are_the_same():
    @functools.partial(jax.jit, static_argnums=0)
    def gradients(spec: QFormerSpec, params: dict) -> dict:
        return jax.grad(lambda params: scalar(QFormer(spec).apply(params, *inputs(spec))[0]))(params)

    expected, actual = (gradients(dataclasses.replace(DEBUG, remat=remat), init(DEBUG)) for remat in ("none", "full"))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), actual, expected)


@pytest.mark.parametrize(("layers", "last"), [(3, "last_even"), (4, "pairs/odd")])
def test_text_parameters_of_the_last_layer_get_zero_gradients(layers: int, last: str):
    spec = dataclasses.replace(DEBUG, layers=layers)

    def loss(params: dict) -> jax.Array:
        return scalar(QFormer(spec).apply(params, *inputs(spec))[0])

    grads = dict(param_tree.leaves_with_paths(jax.jit(jax.grad(loss))(init(spec))["params"]))
    unstacked = {"/".join(path): leaf[-1] if path[0] == "pairs" else leaf for path, leaf in grads.items()}
    zero = {path for path, leaf in unstacked.items() if not leaf.any()}
    parts = ("text_mlp/fc1/kernel", "text_mlp/fc1/bias", "text_mlp/fc2/kernel", "text_mlp/fc2/bias")
    assert zero == {f"{last}/{part}" for part in (*parts, "text_norm/scale", "text_norm/bias")}


def test_text_changes_the_output_but_its_padding_does_not():
    params, (queries, vision, text, mask) = init(DEBUG), inputs(DEBUG)
    run = jax.jit(lambda *inputs: QFormer(DEBUG).apply(*inputs)[0])
    out = run(params, queries, vision, text, mask)
    np.testing.assert_array_equal(out, run(params, queries, vision, jnp.where(mask, text, 9), mask))
    changed = run(params, queries, vision, text.at[0, 1].add(1) % DEBUG.vocab, mask)
    assert not np.allclose(out[0], changed[0]) and np.array_equal(out[1:], changed[1:])


def test_dropout_uses_its_rng_streams():
    params = init(DEBUG)

    def run(dropout: int, drop_path: int) -> jax.Array:
        rngs = {"dropout": jax.random.key(dropout), "drop_path": jax.random.key(drop_path)}
        return QFormer(DEBUG).apply(params, *inputs(DEBUG), deterministic=False, rngs=rngs)[0]

    run = jax.jit(run)
    np.testing.assert_array_equal(run(0, 0), run(0, 0))
    assert not np.allclose(run(0, 0), run(1, 0))
    assert any(not np.allclose(run(0, 0), run(0, seed)) for seed in range(1, 6))


def test_residual_stream_is_float32_in_half_precision():
    out, _ = jax.jit(QFormer(dataclasses.replace(DEBUG, dtype="bfloat16")).apply)(init(DEBUG), *inputs(DEBUG))
    full, _ = jax.jit(QFormer(DEBUG).apply)(init(DEBUG), *inputs(DEBUG))
    assert out.dtype == jnp.float32
    # The residual stream is float32; 6 results of each attention or feed-forward block are rounded.
    assert relative_error(out, full) <= 6 * 3 * DEBUG.layers * BFLOAT16


def test_errors():
    with pytest.raises(UserError, match=r"qformer\.heads=5"):
        dataclasses.replace(DEBUG, heads=5)
    with pytest.raises(UserError, match=r"text of 5 tokens.*qformer\.positions=4"):
        init(dataclasses.replace(DEBUG, positions=4))
    with pytest.raises(ValueError, match="text_input is True"):
        QFormer(DEBUG).init(jax.random.key(0), *inputs(DEBUG)[:2])


def test_clips_are_not_gathered_on_a_mesh():
    """On a mesh, no collective moves activations of all clips; kernels are gathered instead."""
    clips = 24
    spec = QFormerSpec.from_variant("debug", layers=4)
    model, mesh = QFormer(spec), parallel.make_mesh(parallel.MeshSpec(fsdp=8))
    queries, vision, text, mask = (jnp.broadcast_to(x[:1], (clips, *x.shape[1:])) for x in inputs(spec))
    rows = NamedSharding(mesh, PartitionSpec("fsdp"))
    with parallel.mesh_context(mesh, parallel.DEFAULT_RULES):
        boxed = jax.eval_shape(model.init, jax.random.key(0), queries, vision, text, mask)["params"]
        params = parallel.abstract_arrays(boxed, mesh, parallel.DEFAULT_RULES)
        blank = [jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=rows) for x in (queries, vision, text, mask)]

        def loss(params: dict[str, Any], *inputs: jax.Array) -> jax.Array:
            rngs = {"dropout": jax.random.key(0), "drop_path": jax.random.key(1)}
            return scalar(model.apply({"params": params}, *inputs, deterministic=False, rngs=rngs)[0])

        module = parse(jax.jit(jax.grad(loss)).lower(params, *blank).compile().as_text())
    collectives = [
        instruction
        for name in module.runs
        for instruction in module.computations[name].instructions
        if instruction.opcode in ("all-gather", "all-reduce", "all-to-all", "reduce-scatter", "collective-permute")
    ]
    assert collectives, "nothing is sharded"
    floats = [(one, shape) for one in collectives for shape in one.shapes if shape.dtype == "f32"]  # ids may be moved
    assert not [one.scope for one, shape in floats if len(shape.dims) == 3 and shape.dims[0] == clips]
