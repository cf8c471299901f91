"""Popularity and random order are ranked by the protocol of a model."""

import jax.numpy as jnp
import numpy as np
import pytest

from timesuite_jax.data.interactions import Interactions
from timesuite_jax.evaluation.top_k import mask_seen, rank
from timesuite_jax.metrics import RankingScores
from timesuite_jax.mqsa_ted.baselines import baseline_metrics
from timesuite_jax.mqsa_ted.data import Split, seen_items

MAX_LEN = 6


def interactions(*, repeats: bool) -> Interactions:
    """Random histories of 40 users over 30 items, with or without items that a user takes twice."""
    rng = np.random.default_rng(0)
    popularity = 1 / np.arange(1.0, 31)
    histories = [
        rng.choice(30, int(rng.integers(3, 12)), replace=repeats, p=popularity / popularity.sum()) for _ in range(40)
    ]
    start = np.cumsum([0, *(len(history) - 2 for history in histories)])
    training, held_out = np.concatenate([h[:-2] for h in histories]), np.array([h[-2:] for h in histories])
    return Interactions(*map(np.int32, (start, training, *held_out.T)), 30)


def ranks(data: Interactions, split: Split, scores: np.ndarray) -> RankingScores:
    """Ranks of the held-out items by the functions that rank a model's scores, [U, V]."""
    seen = np.sort(seen_items(data, MAX_LEN, split), axis=1)
    seen[:, 1:][seen[:, 1:] == seen[:, :-1]] = data.num_items  # each item counts once
    masked = mask_seen(jnp.asarray(scores, jnp.float32), jnp.asarray(seen))
    return RankingScores(np.asarray(rank(masked, jnp.asarray(getattr(data, split)))))


@pytest.mark.parametrize("split", ["validation", "test"])
def test_popularity_is_a_ranking_by_counts(split):
    data = interactions(repeats=False)
    counts = np.bincount(data.items, minlength=data.num_items)
    expected = ranks(data, split, np.tile(counts, (data.num_users, 1))).summary()
    assert baseline_metrics(data, split, MAX_LEN)["popularity"] == pytest.approx(expected)
    assert 0 < expected["hr_5"] < 1


@pytest.mark.parametrize("repeats", [False, True])
@pytest.mark.parametrize("split", ["validation", "test"])
def test_random_is_the_mean_over_random_scores(split, repeats):
    """Within four standard errors of the mean over as many random rankings."""
    data, rng = interactions(repeats=repeats), np.random.default_rng(1)
    # Differences of masked scores of magnitude 2^32 must not be rounded away: whole multiples of 2^10.
    sampled = [
        ranks(data, split, 1024.0 * rng.permuted(np.tile(np.arange(30), (data.num_users, 1)), axis=1)).summary()
        for _ in range(300)
    ]
    found = baseline_metrics(data, split, MAX_LEN)["random"]
    assert found.keys() == sampled[0].keys()
    for name, value in found.items():
        values = np.array([summary[name] for summary in sampled])
        assert abs(value - values.mean()) <= 4 * values.std(ddof=1) / np.sqrt(len(values)), name


def test_users_of_several_batches_are_joined(monkeypatch):
    data = interactions(repeats=True)
    whole = baseline_metrics(data, "test", MAX_LEN)
    monkeypatch.setattr("timesuite_jax.mqsa_ted.baselines._USERS", 7)
    assert baseline_metrics(data, "test", MAX_LEN) == whole
