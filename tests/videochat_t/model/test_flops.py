"""The analytic FLOPs agree with the cost analysis of compiled programs."""

import jax
import jax.numpy as jnp
import pytest
from flax import linen as nn

from timesuite_jax.models.text import Mistral, MistralSpec
from timesuite_jax.models.vision import UmtEncoder, UmtSpec
from timesuite_jax.videochat_t.model.flops import mistral_flops


def compiled_flops(module: nn.Module, *inputs: jax.Array) -> float:
    variables = jax.eval_shape(module.init, jax.random.key(0), *inputs)
    compiled = jax.jit(module.apply).lower(nn.meta.unbox(variables), *inputs).compile()
    return compiled.cost_analysis()["flops"]


def test_video_encoder():
    spec = UmtSpec.from_variant("debug", width=128, image_size=64, unroll=True)
    clip = jnp.zeros((1, spec.num_frames, 64, 64, 3))
    assert spec.flops == pytest.approx(compiled_flops(UmtEncoder(spec), clip), rel=0.1)


def test_language_model():
    spec = MistralSpec.from_variant("debug", width=128, head_width=32, mlp=512, lora=None, unroll=True)
    length = 64
    rows = jnp.zeros((1, length, spec.width)), jnp.arange(length)[None], jnp.ones((1, length), bool)
    # The compiled program has no logits, and full instead of causal attention.
    square = spec.layers * 4 * length**2 * spec.heads * spec.head_width / 2
    expected = mistral_flops(spec, length, 0) + square
    assert expected == pytest.approx(compiled_flops(Mistral(spec), *rows), rel=0.1)


def test_language_model_of_the_released_size():
    # 1,408 tokens cost about 20 TFLOPs.
    assert mistral_flops(MistralSpec.from_variant("7b-instruct-v0.2"), 1408, 100) == pytest.approx(20e12, rel=0.1)
