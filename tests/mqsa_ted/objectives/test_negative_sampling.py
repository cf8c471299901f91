"""SASRec's loss is the binary cross entropy of the sampled items, and never samples the target."""

import jax
import jax.numpy as jnp
import numpy as np

from timesuite_jax.mqsa_ted.objectives.negative_sampling import sampled_cross_entropy

R, D, V = 400, 4, 5


def test_value_and_gradient():
    rng = np.random.default_rng(0)
    hidden, table = rng.normal(size=(R, D)).astype(np.float32), rng.normal(size=(V, D)).astype(np.float32)
    targets, counts = rng.integers(0, V, R), rng.random(R) < 0.7
    given = jnp.asarray(targets), jnp.asarray(counts), jax.random.key(1)
    loss = jax.jit(lambda h, t: sampled_cross_entropy(h, t, *given, negatives=1))
    value, slopes = jax.value_and_grad(loss, argnums=(0, 1))(hidden, table)
    scores = hidden @ table.T
    sigmoid = 1 / (1 + np.exp(-scores))
    # The sampled item of a row is the one that explains the gradient of its hidden vector.
    own = (sigmoid[np.arange(R), targets] - 1)[:, None] * table[targets]
    explained = own[:, None] + sigmoid[..., None] * table[None]
    distance = np.abs(explained - slopes[0][:, None]).max(axis=-1)[counts]
    sampled, targets, scores = distance.argmin(axis=1), targets[counts], scores[counts]
    assert distance.min(axis=1).max() < 1e-5
    assert not np.any(sampled == targets)
    assert not np.any(np.asarray(slopes[0])[~counts])
    deviation = np.sqrt((V - 1) / V**2 / len(sampled))  # standard deviation of a share
    np.testing.assert_allclose(np.bincount(sampled, minlength=V) / len(sampled), 1 / V, atol=5 * deviation)
    place = np.arange(len(sampled))
    expected = np.logaddexp(0, -scores[place, targets]) + np.logaddexp(0, scores[place, sampled])
    np.testing.assert_allclose(value, expected.sum(), rtol=1e-5)
