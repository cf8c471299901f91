"""Token shuffling, its initialisation, and TAPE."""

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn

from tests.support.tolerances import BFLOAT16, relative_error
from timesuite_jax import parallel, param_tree
from timesuite_jax.videochat_t.model.tape import Tape, stretched_taps
from timesuite_jax.videochat_t.model.token_shuffle import (
    mean_pooling_init,
    mean_pooling_kernel,
    token_shuffle,
)


def test_token_shuffle_concatenates_neighbours():
    tokens = jnp.arange(2 * 8 * 3).reshape(2, 8, 3)
    merged = token_shuffle(tokens, 4)
    assert merged.shape == (2, 2, 12)
    np.testing.assert_array_equal(merged[1, 1, 3:6], tokens[1, 5], "block r of merged token n is token 4 n + r")


def test_mean_pooling_kernel_projects_the_mean():
    tokens, projection = jax.random.normal(jax.random.key(0), (2, 8, 3)), jax.random.normal(jax.random.key(1), (3, 5))
    merged = np.asarray(token_shuffle(tokens, 4)) @ np.asarray(mean_pooling_kernel(projection, 4))
    expected = np.asarray(tokens).reshape(2, 2, 4, 3).mean(2) @ np.asarray(projection)
    np.testing.assert_allclose(merged, expected, atol=1e-6)
    fresh = mean_pooling_init(4)(jax.random.key(2), (12, 5), jnp.float32)
    np.testing.assert_array_equal(fresh, mean_pooling_kernel(4 * fresh[:3], 4))


def test_initial_tape_is_zero():
    tokens = jax.random.normal(jax.random.key(0), (2, 64, 16))
    tape = Tape(clips=2, merge_len=4, features=24)
    params = nn.meta.unbox(jax.jit(tape.init)(jax.random.key(1), tokens))
    np.testing.assert_array_equal(jax.jit(tape.apply)(params, tokens), np.zeros((2, 16, 24)))
    assert params["params"]["bottleneck"]["conv"]["kernel"].shape == (3, 4, 4)


def test_tape_distinguishes_the_edges_of_a_video_from_its_middle():
    """With equal tokens, only zero padding can make outputs differ, at the ends."""
    tokens = jnp.ones((1, 16 * 64, 16))
    tape = Tape(clips=2, merge_len=4, features=1)
    params = nn.meta.unbox(jax.jit(tape.init)(jax.random.key(1), tokens))
    params["params"]["linear_output"]["kernel"] = jnp.ones((4, 1))
    out = np.asarray(jax.jit(tape.apply)(params, tokens))[0, :, 0]
    middle = out[len(out) // 2]
    np.testing.assert_allclose(out[96:160], middle, rtol=1e-5)
    assert abs(out[0] - middle) > 1e-3 and abs(out[-1] - middle) > 1e-3


def test_interpolated_tape_is_invariant_to_the_sampling_of_the_video():
    """Tokens follow a curve over the video, sampled by 16 clips and by 64 (96 tokens each)."""
    few, many = (Tape(clips, 4, 8, kernel_clips=16) for clips in (16, 64))

    def tokens(clips: int) -> jax.Array:
        place = (np.arange(96 * clips) + 0.5) / (96 * clips)
        return jnp.asarray(np.sin(2.0 * np.outer(place, np.arange(1, 17)))[None], jnp.float32)

    params = nn.meta.unbox(jax.jit(few.init)(jax.random.key(1), tokens(16)))
    params["params"]["linear_output"]["kernel"] = jax.random.normal(jax.random.key(2), (4, 8))
    assert jax.tree.map(jnp.shape, params) == jax.tree.map(
        jnp.shape, nn.meta.unbox(jax.eval_shape(many.init, jax.random.key(1), tokens(64)))
    )
    coarse, fine = jax.jit(few.apply)(params, tokens(16))[0], jax.jit(many.apply)(params, tokens(64))[0]
    fine = np.asarray(fine).reshape(len(coarse), 4, 8).mean(1)
    middle = slice(len(coarse) // 8, -len(coarse) // 8)  # at the ends, local windows are shorter in a finer video
    error = np.abs(fine - coarse)[middle].max() / np.abs(coarse).max()
    assert error < 0.05, error
    same = Tape(16, 4, 8)
    np.testing.assert_array_equal(jax.jit(same.apply)(params, tokens(16))[0], coarse)


def test_interpolated_taps_keep_ends_middle_and_sum():
    taps = stretched_taps(5, 9)
    np.testing.assert_allclose(taps[[0, 4, 8]], np.eye(5)[[0, 2, 4]] * 5 / 9)
    np.testing.assert_allclose(taps.sum(), 5)
    np.testing.assert_array_equal(stretched_taps(5, 5), np.eye(5))


def test_half_precision_is_close():
    tokens = jax.random.normal(jax.random.key(0), (1, 128, 16))
    full, half = (Tape(2, 4, 8, dtype) for dtype in (jnp.float32, jnp.bfloat16))
    params = nn.meta.unbox(jax.jit(full.init)(jax.random.key(1), tokens))
    params["params"]["linear_output"]["kernel"] = jax.random.normal(jax.random.key(2), (4, 8))
    expected, actual = jax.jit(full.apply)(params, tokens), jax.jit(half.apply)(params, tokens)
    assert actual.dtype == jnp.bfloat16
    # Tokens, weights and results of a projection in, the convolution and a projection out.
    assert relative_error(actual.astype(jnp.float32), expected) <= 3 * 3 * BFLOAT16


def test_gradient_on_a_mesh_equals_one_device():
    tape = Tape(clips=2, merge_len=4, features=16)
    tokens, weights = (jax.random.normal(jax.random.key(i), (8, n, 16)) for i, n in enumerate((64, 16)))
    boxed = jax.eval_shape(tape.init, jax.random.key(2), tokens)["params"]
    params = nn.meta.unbox(jax.jit(tape.init)(jax.random.key(2), tokens)["params"])
    # The initial output layer is zero, so that the layers before it have no gradient.
    params["linear_output"]["kernel"] = 0.1 * jax.random.normal(jax.random.key(3), (4, 16))

    def gradient(params, tokens):
        loss = jax.jit(jax.grad(lambda params, tokens: jnp.sum(weights * tape.apply({"params": params}, tokens))))
        return dict(param_tree.leaves_with_paths(jax.device_get(loss(params, tokens))))

    expected, mesh = gradient(params, tokens), parallel.make_mesh(parallel.MeshSpec(data=2, fsdp=2, tensor=2))
    with parallel.mesh_context(mesh, parallel.DEFAULT_RULES):
        params = jax.device_put(params, parallel.shardings(boxed, mesh, parallel.DEFAULT_RULES))
        found = gradient(params, jax.device_put(tokens, parallel.batch_sharding(mesh, parallel.DEFAULT_RULES)))
    for path, leaf in expected.items():
        assert np.max(np.abs(found[path] - leaf)) <= 1e-5 * np.max(np.abs(leaf)), "/".join(path)
