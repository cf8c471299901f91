"""Forms of BEATs that have to agree, what its sizes mean, and gradients by finite differences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.support.random_params import random_params
from timesuite_jax.errors import UserError
from timesuite_jax.models.audio import Beats, BeatsSpec
from timesuite_jax.models.audio.positional_convolution import PositionalConvolution
from timesuite_jax.models.audio.relative_positions import relative_buckets

SPEC = BeatsSpec.from_variant("debug")
SPECTROGRAMS = jnp.asarray(np.random.default_rng(0).normal(size=(2, 50, 40)), jnp.float32)


def tokens(spec: BeatsSpec, params: dict, spectrograms=SPECTROGRAMS):
    return jax.jit(Beats(spec).apply)({"params": params}, spectrograms)


@pytest.fixture(scope="module")
def params():
    return random_params(Beats(SPEC).init, SPECTROGRAMS)["params"]


def test_scanned_unrolled_and_rematerialized_agree(params):
    expected = tokens(SPEC, params)
    assert expected.shape == (2, 3 * 2, 32) and SPEC.tokens(50, 40) == 6
    for changes in ({"unroll": True}, {"remat": "full"}, {"remat": "dots", "unroll": True}):
        spec = BeatsSpec.from_variant("debug", **changes)
        np.testing.assert_allclose(tokens(spec, params), expected, rtol=0, atol=1e-6)


def test_rows_and_bins_that_fill_no_patch_change_nothing(params):
    np.testing.assert_allclose(tokens(SPEC, params, SPECTROGRAMS[:, :48, :32]), tokens(SPEC, params), rtol=0, atol=1e-6)
    with pytest.raises(UserError, match="spectrogram of 15 rows and 40 bins has no patch"):
        Beats(SPEC).apply({"params": params}, SPECTROGRAMS[:, :15])


def test_the_positional_convolution_is_that_of_its_normalised_kernel(params):
    """By a sum over taps: group g reads its own channels, and each tap's kernel has the norm `gain`."""
    rng = np.random.default_rng(1)
    own = {name: rng.normal(size=leaf.shape).astype(np.float32) for name, leaf in params["positions"].items()}
    x = rng.normal(size=(1, 6, 32)).astype(np.float32)
    found = PositionalConvolution(SPEC).apply({"params": own}, jnp.asarray(x))
    kernel = own["direction"] / np.sqrt(np.square(own["direction"]).sum(axis=(1, 2), keepdims=True))
    kernel = kernel * own["gain"][:, None, None]
    taps, inputs, width = kernel.shape
    padded = np.pad(x[0], ((taps // 2, taps), (0, 0)))
    mixed = np.zeros((6, width))
    for output in range(width):
        first = output // (width // SPEC.conv_groups) * inputs
        for place in range(6):
            mixed[place, output] = np.sum(padded[place : place + taps, first : first + inputs] * kernel[:, :, output])
    expected = jax.nn.gelu(jnp.asarray(mixed + own["bias"], jnp.float32), approximate=False)
    np.testing.assert_allclose(found[0], expected, rtol=0, atol=1e-5)


def test_buckets_grow_with_the_distance():
    buckets = relative_buckets(1000, 320, 800)
    assert buckets.shape == (1000, 1000) and buckets.max() == 319
    behind, before = buckets[0, 1:], buckets[1:, 0]
    np.testing.assert_array_equal(behind, before + 160)
    np.testing.assert_array_equal(before[:79], np.arange(1, 80))
    assert (np.diff(before) >= 0).all() and set(before) == set(range(1, 160)) and (before[800:] == 159).all()


def test_gradients_by_finite_differences(params):
    """Of all parameters along a random direction, as a central difference."""
    weights = jnp.asarray(np.random.default_rng(2).normal(size=(2, 6, 32)), jnp.float32)

    @jax.jit
    def loss(params):
        return jnp.einsum("nND,nND->", Beats(SPEC).apply({"params": params}, SPECTROGRAMS), weights)

    rng = np.random.default_rng(3)
    direction = jax.tree.map(lambda leaf: 0.02 * rng.standard_normal(leaf.shape).astype(np.float32), params)
    slope = sum(jax.tree.leaves(jax.tree.map(lambda g, d: float((g * d).sum()), jax.grad(loss)(params), direction)))
    step = 1e-2
    ahead, behind = (
        float(loss(jax.tree.map(lambda leaf, d, sign=sign: leaf + sign * step * d, params, direction)))
        for sign in (1.0, -1.0)
    )
    # The loss is about 10, so float32 leaves 1e-6 of it, divided by the step.
    assert (ahead - behind) / (2 * step) == pytest.approx(slope, rel=2e-3, abs=2e-3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"heads": 5}, "audio.heads=5 does not divide audio.width=32"),
        ({"conv_groups": 3}, "audio.conv_groups=3 does not divide audio.width=32"),
        ({"pre_norm": True}, "set it or audio.pre_norm, not both"),
        ({"buckets": 30}, "audio.buckets=30 has to be a multiple of 4"),
        ({"max_distance": 8}, "audio.max_distance=8 more than a quarter"),
        ({"depth": 0}, "BeatsSpec.depth=0 must be at least 1"),
    ],
)
def test_sizes_that_do_not_go_together(changes, message):
    with pytest.raises(UserError, match=message.replace(".", r"\.")):
        BeatsSpec.from_variant("debug", **changes)
    with pytest.raises(UserError, match="audio variant 'large' is unknown"):
        BeatsSpec.from_variant("large")
