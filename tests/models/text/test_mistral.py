"""Mistral: execution modes agree, padding has no influence, and the parameter tree is the port table's."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn
from jaxtyping import Array

from tests.support.tolerances import BFLOAT16, relative_error
from timesuite_jax.errors import UserError
from timesuite_jax.layers import LoraSpec
from timesuite_jax.models.text import Mistral, MistralSpec
from timesuite_jax.param_tree import leaves_with_paths

SPEC = MistralSpec.from_variant("debug")


@functools.lru_cache
def init(spec: MistralSpec = SPEC) -> dict:
    x = jnp.zeros((1, 2, spec.width))
    index = jnp.zeros((1, 2), jnp.int32)
    return nn.meta.unbox(jax.jit(Mistral(spec).init)(jax.random.key(0), x, index, index == 0)["params"])


@functools.partial(jax.jit, static_argnums=0, static_argnames="deterministic")
def run(model: Mistral, params: dict, *args: Array, **options: object) -> tuple[Array, dict]:
    """Runs the model as one compiled program."""
    return model.apply({"params": params}, *args, **options)


@jax.jit
def with_noise(params: dict) -> dict:
    leaves, treedef = jax.tree.flatten(params)
    keys = jax.random.split(jax.random.key(1), len(leaves))
    shaken = [x + 0.1 * jax.random.normal(k, x.shape, x.dtype) for x, k in zip(leaves, keys, strict=True)]
    return jax.tree.unflatten(treedef, shaken)


@functools.lru_cache
def noisy(spec: MistralSpec = SPEC) -> dict:
    """Initial parameters with noise in all of them: LoRA starts at zero."""
    return with_noise(init(spec))


def prompt(batch: int, length: int) -> tuple[Array, Array, Array]:
    x = jax.random.normal(jax.random.key(2), (batch, length, SPEC.width))
    positions = jnp.broadcast_to(jnp.arange(length)[None], (batch, length))
    return x, positions, jnp.ones((batch, length), bool)


def test_parameter_paths_and_logical_axes():
    boxed = jax.eval_shape(Mistral(SPEC).init, jax.random.key(0), *prompt(1, 3))["params"]
    names = {"/".join(path): leaf.names for path, leaf in leaves_with_paths(boxed)}
    adapters = {path for path in names if path.endswith(("lora_a", "lora_b"))}
    assert len(adapters) == 2 * 8, "LoRA on seven projections and the head"
    assert names["layers/attn/q/kernel"] == ("layers", "embed", "heads")
    assert names["layers/attn/o/kernel"] == ("layers", "heads", "embed")
    assert names["layers/mlp/down/lora_b"] == ("layers", "lora_rank", "embed")
    assert names["embed/embedding"] == ("vocab", "embed")
    assert names["lm_head/kernel"] == ("embed", "vocab")
    assert {"layers/input_norm/scale", "layers/post_norm/scale", "norm/scale"} < set(names)


def test_released_number_of_parameters():
    spec = MistralSpec.from_variant("7b-instruct-v0.2", lora=None)
    shapes = jax.eval_shape(Mistral(spec).init, jax.random.key(0), jnp.zeros((1, 1, 4096)), *prompt(1, 1)[1:])
    assert sum(x.size for x in jax.tree.leaves(shapes)) == 7_241_732_096


def test_lora_is_float32_beside_a_bfloat16_base():
    spec = dataclasses.replace(SPEC, param_dtype="bfloat16", dtype="bfloat16")
    for path, leaf in leaves_with_paths(jax.eval_shape(lambda: init.__wrapped__(spec))):
        assert leaf.dtype == (jnp.float32 if path[-1].startswith("lora") else jnp.bfloat16), path
    params = noisy()
    hidden, _ = run(Mistral(SPEC), params, *prompt(2, 7))
    half, _ = run(Mistral(spec), params, *prompt(2, 7))
    assert half.dtype == jnp.bfloat16
    # Embeddings, weights, and 12 results a layer are rounded: norms, projections, rotation, products, sums.
    assert relative_error(half.astype(jnp.float32), hidden) <= (2 + 12 * SPEC.layers) * BFLOAT16


@functools.partial(jax.jit, static_argnums=1)
@jax.value_and_grad
def loss_and_gradient(params: dict, spec: MistralSpec) -> Array:
    hidden, _ = Mistral(spec).apply({"params": params}, *prompt(2, 7))
    return jnp.sum(jnp.sin(hidden))


MODES = [(unroll, remat) for unroll in (False, True) for remat in ("none", "full", "dots")]


@pytest.mark.parametrize(("unroll", "remat"), MODES[1:])
def test_execution_modes_agree(unroll: bool, remat: str):
    """With the first of them."""
    expected = loss_and_gradient(noisy(), SPEC)
    actual = loss_and_gradient(noisy(), dataclasses.replace(SPEC, unroll=unroll, remat=remat))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4), actual, expected)


@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_has_no_influence(side: str):
    params = noisy()
    x, positions, valid = prompt(1, 5)
    expected, _ = run(Mistral(SPEC), params, x, positions, valid)
    widths = ((0, 0), (3, 0) if side == "left" else (0, 3))
    padded = jnp.pad(x, (*widths, (0, 0)), constant_values=7.0)
    hidden, _ = run(Mistral(SPEC), params, padded, jnp.pad(positions, widths), jnp.pad(valid, widths))
    assert np.isfinite(hidden).all()
    inner = hidden[:, 3:] if side == "left" else hidden[:, :5]
    np.testing.assert_allclose(inner, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("unroll", [False, True])
def test_cache_equals_the_whole_sequence(unroll: bool):
    model = Mistral(dataclasses.replace(SPEC, unroll=unroll))
    params = noisy()
    x, positions, valid = prompt(2, 9)
    expected, _ = run(model, params, x, positions, valid)
    cache = model.empty_cache(batch=2, capacity=12)
    hidden, aux = run(model, params, x[:, :6], positions[:, :6], valid[:, :6], cache=cache)
    parts = [hidden]
    for s in range(6, 9):
        hidden, aux = run(
            model, params, x[:, s : s + 1], positions[:, s : s + 1], valid[:, s : s + 1], cache=aux["cache"]
        )
        parts.append(hidden)
    assert int(aux["cache"].used) == 9
    np.testing.assert_allclose(jnp.concatenate(parts, axis=1), expected, rtol=1e-5, atol=1e-5)


def test_dropout_applies_to_lora_only():
    spec = dataclasses.replace(SPEC, lora=LoraSpec(rank=4, alpha=8, dropout=0.5))
    model, params = Mistral(spec), init(spec)
    args, rngs = prompt(1, 4), {"dropout": jax.random.key(3)}
    still, _ = run(model, params, *args)
    # Initial LoRA gives zero, with or without dropout.
    moving, aux = run(model, params, *args, deterministic=False, rngs=rngs)
    np.testing.assert_array_equal(moving, still)
    dropped = np.mean(np.asarray(aux["head_input"]) == 0)
    assert 0.3 < dropped < 0.7
    moving, _ = run(model, noisy(spec), *args, deterministic=False, rngs=rngs)
    still, _ = run(model, noisy(spec), *args)
    assert not np.allclose(moving, still)


def test_hf_config():
    config = {
        "vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "rms_norm_eps": 1e-5, "rope_theta": 1e6,
        "hidden_act": "silu", "sliding_window": None, "tie_word_embeddings": False,
    }  # fmt: skip
    assert MistralSpec.from_hf_config(config) == MistralSpec.from_variant("7b-instruct-v0.2")
    with pytest.raises(ValueError, match="sliding_window=4096"):
        MistralSpec.from_hf_config({**config, "sliding_window": 4096})
    with pytest.raises(UserError, match=r"'8b'.*7b-instruct"):
        MistralSpec.from_variant("8b")
