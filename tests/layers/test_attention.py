"""Every implementation of attention equals the reference, and the reference equals the textbook."""

import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn
from jaxtyping import Array

from timesuite_jax.layers import attention
from timesuite_jax.layers.attention import choose, cudnn, dispatch, splash


def inputs(batch: int, length: int, keys: int, heads: int, groups: int, width: int) -> tuple[Array, Array, Array]:
    rngs = jax.random.split(jax.random.key(0), 3)
    shapes = [(batch, length, heads, width), (batch, keys, groups, width), (batch, keys, groups, width)]
    q, k, v = (jax.random.normal(rng, shape) for rng, shape in zip(rngs, shapes, strict=True))
    return q, k, v


def padding(batch: int, keys: int) -> Array:
    """Row b hides its last 3 b keys, and row 1 its first two as well."""
    index = np.broadcast_to(np.arange(keys), (batch, keys))
    visible = index < keys - 3 * np.arange(batch)[:, None]
    visible[1, :2] = False
    return jnp.asarray(visible)


def textbook(q: Array, k: Array, v: Array, causal: bool, kv_mask: Array | None) -> np.ndarray:
    q, k, v = (np.asarray(x, np.float64) for x in (q, k, v))
    out = np.zeros(q.shape)
    for b, s, h in np.ndindex(q.shape[:3]):
        g = h * k.shape[2] // q.shape[2]
        seen = np.ones(k.shape[1], bool) if kv_mask is None else np.asarray(kv_mask[b]).copy()
        if causal:
            seen[s + 1 :] = False
        if not seen.any():
            continue
        scores = np.exp(k[b, seen, g] @ q[b, s, h] / np.sqrt(q.shape[-1]))
        out[b, s, h] = scores @ v[b, seen, g] / scores.sum()
    return out


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(("causal", "keys"), [(False, 11), (False, 8), (True, 8)])
def test_reference_is_the_textbook(causal: bool, keys: int, masked: bool):
    q, k, v = inputs(2, 8, keys, 6, 3, 4)
    kv_mask = padding(2, keys) if masked else None
    actual = jax.jit(attention, static_argnames=("causal", "impl"))(q, k, v, causal=causal, kv_mask=kv_mask, impl="xla")
    assert np.isfinite(actual).all()
    expected = textbook(q, k, v, causal, kv_mask)
    rows = slice(None) if not (masked and causal) else slice(2, None)  # the first rows of sample 1 see nothing
    np.testing.assert_allclose(actual[:, rows], expected[:, rows], rtol=1e-5, atol=1e-6)


def value_and_gradients(q: Array, k: Array, v: Array, impl: str, causal: bool, kv_mask: Array | None) -> tuple:
    def total(q: Array, k: Array, v: Array) -> tuple[Array, Array]:
        out = attention(q, k, v, causal=causal, kv_mask=kv_mask, impl=impl)
        # The first rows of a left-padded sample see nothing: unspecified, so out of the comparison.
        return jnp.sum(jnp.sin(out[:, 2:])), out[:, 2:]

    (_, out), grads = jax.jit(jax.value_and_grad(total, argnums=(0, 1, 2), has_aux=True))(q, k, v)
    return out, *grads


@pytest.fixture
def interpreted(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = splash.splash_attention_kernel
    monkeypatch.setitem(dispatch.IMPLEMENTATIONS, "splash", lambda *a, **k: kernel(*a, **k, interpret=True))


@pytest.mark.usefixtures("interpreted")
@pytest.mark.parametrize(
    ("causal", "masked", "groups", "whole_keys", "width"),
    [
        (True, True, 1, 256, 64),
        (False, True, 2, 256, 64),
        (False, True, 2, 0, 64),
        (True, False, 2, 256, 64),
        (False, False, 2, 256, 88),
        (False, True, 2, 0, 88),
    ],
)
def test_splash_equals_the_reference(
    causal: bool, masked: bool, groups: int, whole_keys: int, width: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(splash, "WHOLE_KEYS", whole_keys)
    q, k, v = inputs(2, 150, 150, 2, groups, width)
    kv_mask = padding(2, 150) if masked else None
    expected = value_and_gradients(q, k, v, "xla", causal, kv_mask)
    actual = value_and_gradients(q, k, v, "splash", causal, kv_mask)
    for a, e in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, e, rtol=1e-4, atol=2e-5)


@pytest.mark.usefixtures("interpreted")
@pytest.mark.parametrize(("kv_heads", "samples"), [("tensor", 2), (None, 2), ("tensor", 3), ("tensor", 1)])
def test_splash_under_a_mesh_equals_the_reference(kv_heads: str | None, samples: int):
    mesh = jax.make_mesh((2, 2), ("data", "tensor"), axis_types=(jax.sharding.AxisType.Auto,) * 2)
    q, k, v = inputs(samples, 128, 128, 4, 2, 64)
    kv_mask = padding(samples, 128) if samples > 1 else None
    expected = value_and_gradients(q, k, v, "xla", True, kv_mask)
    rules = (("batch", "data"), ("heads", "tensor"), ("kv_heads", kv_heads))
    with jax.set_mesh(mesh), nn.logical_axis_rules(rules):
        actual = value_and_gradients(q, k, v, "splash", True, kv_mask)
    for a, e in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, e, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize(
    ("length", "causal", "blocks"),
    [
        (1408, True, (512, 512)),
        (2112, True, (384, 384)),
        (150, True, (128, 128)),
        (1568, False, (128, 1664)),
        (2049, False, (128, 2176)),  # the class token and 8 frames of InternVideo2
        (4096, False, (512, 512)),
    ],
)
def test_blocks_waste_little(length: int, causal: bool, blocks: tuple[int, int]):
    assert splash._blocks(length, length, causal=causal) == blocks


def test_cudnn_is_asked_the_right_question(monkeypatch: pytest.MonkeyPatch):
    """The kernel needs a GPU; its call does not, so another implementation computes the same call."""
    real, asked = jax.nn.dot_product_attention, []

    def answer(*args: Array, implementation: str, **options: object) -> Array:
        asked.append((implementation, options["mask"]))
        return real(*args, implementation="xla", **options)

    monkeypatch.setattr(jax.nn, "dot_product_attention", answer)
    q, k, v = inputs(2, 8, 8, 4, 2, 8)
    kv_mask = padding(2, 8)
    for causal, mask in ((True, kv_mask), (False, kv_mask), (True, None)):
        expected = value_and_gradients(q, k, v, "xla", causal, mask)
        for a, e in zip(value_and_gradients(q, k, v, "cudnn", causal, mask), expected, strict=True):
            np.testing.assert_allclose(a, e, rtol=1e-5, atol=1e-5)
    masks = [mask for name, mask in asked if name == "cudnn"]
    assert len(masks) == 3
    assert masks[0].shape == (2, 1, 8, 8), "cuDNN wants both lengths of a mask written out"


def test_auto_picks_what_the_platform_has(monkeypatch: pytest.MonkeyPatch):
    long = jnp.zeros((1, 1408, 2, 128), jnp.bfloat16)
    short, wide, odd = long[:, :96], jnp.zeros((1, 1408, 2, 40), jnp.bfloat16), long[:, :1407]
    internvideo2 = jnp.zeros((1, 2049, 16, 88), jnp.bfloat16)
    assert choose(long, long, masked=True) == "blockwise", "on CPU"
    monkeypatch.setattr(jax, "default_backend", lambda: "tpu")
    assert choose(long, long, masked=True) == "splash"
    assert choose(short, long, masked=True) == "xla"
    assert choose(wide, wide, masked=True) == "xla"
    assert choose(internvideo2, internvideo2, masked=False) == "splash"
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert choose(long, long, masked=True) == "xla", "without an NVIDIA device"
    monkeypatch.setattr(dispatch, "device_has_cudnn_attention", lambda: True)
    assert choose(long, long, masked=True) == "cudnn"
    assert choose(odd, odd, masked=True) == "xla"
    assert choose(odd, odd, masked=False) == "cudnn"
    assert choose(long.astype(jnp.float32), long, masked=False) == "xla"
    assert not cudnn.device_has_cudnn_attention(), "tests run on CPU devices"


def test_auto_asks_the_mesh_whose_devices_need_not_be_here():
    long = jnp.zeros((1, 1408, 2, 128), jnp.bfloat16)
    chip = jax.sharding.AbstractDevice("TPU v5 lite", 1, "tpu")
    mesh = jax.sharding.AbstractMesh((4,), ("data",), abstract_device=chip)
    with jax.sharding.use_abstract_mesh(mesh):
        assert choose(long, long, masked=True) == "splash"
    with jax.set_mesh(jax.make_mesh((4,), ("data",), axis_types=(jax.sharding.AxisType.Auto,))):
        assert choose(long, long, masked=True) == "blockwise"


def test_mistakes_are_named():
    q, k, v = inputs(1, 8, 11, 4, 2, 8)
    with pytest.raises(ValueError, match=r"'flash'.*splash"):
        attention(q, k, v, impl="flash")
    with pytest.raises(ValueError, match="8 and 11"):
        attention(q, k, v, causal=True)
    with pytest.raises(ValueError, match="4 query heads cannot share 3"):
        attention(*inputs(1, 8, 8, 4, 3, 8))


COMPILE_FOR_TPU = """
import jax, jax.numpy as jnp
from jax.experimental import topologies
from jax.sharding import NamedSharding, PartitionSpec
from flax import linen as nn
from timesuite_jax.layers import attention

devices = topologies.get_topology_desc(platform="tpu", topology_name="v5e:2x2").devices
mesh = jax.sharding.Mesh(devices, ("data",))
place = NamedSharding(mesh, PartitionSpec("data"))
q = jax.ShapeDtypeStruct((4, 1408, 32, 128), jnp.bfloat16, sharding=place)
k = jax.ShapeDtypeStruct((4, 1408, 8, 128), jnp.bfloat16, sharding=place)
valid = jax.ShapeDtypeStruct((4, 1408), bool, sharding=place)

def temporary_bytes(impl):
    def loss(q, k, v, valid):
        out = attention(q, k, v, causal=True, kv_mask=valid, impl=impl)
        return jnp.sum(out.astype(jnp.float32))
    with jax.set_mesh(mesh), nn.logical_axis_rules((("batch", "data"),)):
        compiled = jax.jit(jax.grad(loss, argnums=(0, 1, 2))).lower(q, k, k, valid).compile()
    assert ("tpu_custom_call" in compiled.as_text()) == (impl == "splash")
    return compiled.memory_analysis().temp_size_in_bytes

print(temporary_bytes("splash"), temporary_bytes("xla"))
"""


def test_splash_compiles_for_tpu_and_needs_less_memory():
    pytest.importorskip("libtpu")
    environment = {"ALLOW_MULTIPLE_LIBTPU_LOAD": "1", "TPU_SKIP_MDS_QUERY": "1", "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-c", COMPILE_FOR_TPU]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    with_splash, with_xla = map(int, done.stdout.split())
    assert with_splash < with_xla / 4
