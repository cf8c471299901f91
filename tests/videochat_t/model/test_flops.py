"""The analytic count agrees with the compiler's, where the compiler can count."""

import jax
import jax.numpy as jnp
import pytest
from flax import linen as nn

from timesuite_jax.models.text.mistral import Mistral, MistralSpec
from timesuite_jax.models.vision.umt import UmtSpec, UmtTower
from timesuite_jax.videochat_t.model.flops import mistral_flops, tower_flops


def compiled_flops(module: nn.Module, *inputs: jax.Array) -> float:
    variables = jax.eval_shape(module.init, jax.random.key(0), *inputs)
    compiled = jax.jit(module.apply).lower(nn.meta.unbox(variables), *inputs).compile()
    return compiled.cost_analysis()["flops"]


def test_tower():
    spec = UmtSpec.from_variant("debug", width=128, image_size=64, unroll=True)
    clip = jnp.zeros((1, spec.num_frames, 64, 64, 3))
    assert tower_flops(spec) == pytest.approx(compiled_flops(UmtTower(spec), clip), rel=0.1)


def test_language_model():
    spec = MistralSpec.from_variant("debug", width=128, head_width=32, mlp=512, lora=None, unroll=True)
    length = 64
    rows = jnp.zeros((1, length, spec.width)), jnp.arange(length)[None], jnp.ones((1, length), bool)
    # Compiled: no logits, and the whole square of attention.
    square = spec.layers * 4 * length**2 * spec.heads * spec.head_width / 2
    expected = mistral_flops(spec, length, 0) + square
    assert expected == pytest.approx(compiled_flops(Mistral(spec), *rows), rel=0.1)


def test_the_released_model_at_128_frames():
    # The tower's 16 clips cost about 18 TFLOPs and the language model's 1,408 tokens about 20.
    assert 16 * tower_flops(UmtSpec()) == pytest.approx(18e12, rel=0.15)
    assert mistral_flops(MistralSpec.from_variant("7b-instruct-v0.2"), 1408, 100) == pytest.approx(20e12, rel=0.1)
