"""Losses, ranks and top items on a mesh of eight devices equal those of one device, for any sharding."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array

from timesuite_jax import parallel
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation import item_scores, mask_seen, rank, top_k_items
from timesuite_jax.layers import shard_map_scores
from timesuite_jax.mqsa_ted.objectives.cross_entropy import item_cross_entropy
from timesuite_jax.mqsa_ted.objectives.transition_distillation import make_teacher, transition_distillation
from timesuite_jax.parallel import MeshSpec

R, D, V = 48, 4, 32
ITEMS = 29  # of V rows; the last ones are padding
MESHES = [MeshSpec(data=8), MeshSpec(data=2, fsdp=2, tensor=2), MeshSpec(data=1, tensor=8)]
NAMES = ["rows", "both", "items"]


@pytest.fixture(scope="module")
def leaves() -> dict[str, Array]:
    rng = np.random.default_rng(0)
    return {
        name: jnp.asarray(rng.normal(size=(number, D)), jnp.float32) for name, number in (("rows", R), ("table", V))
    }


def losses(leaves: dict[str, Array], number: int = V) -> tuple[Array, Array]:
    rng = np.random.default_rng(1)
    start = np.concatenate([[0], np.cumsum(rng.integers(0, 6, number))])
    tail = np.concatenate([rng.permutation(number)[:n] for n in np.diff(start)])
    teacher = make_teacher(start, tail, rng.integers(1, 4, len(tail)), tau=0.1)
    items, counts = jnp.asarray(rng.integers(0, number, R)), jnp.asarray(np.arange(R) % 5 > 0)
    items = jnp.where(counts, items, number)  # padding
    both = 4 * leaves["rows"], leaves["table"], items, counts  # with some probabilities below the epsilon
    return (
        item_cross_entropy(*both, chunk=4, items=number),
        transition_distillation(*both, teacher, tau=0.1, chunk=4),
    )


def everything(leaves: dict[str, Array], number: int = V) -> tuple[tuple[Array, Array], dict[str, Array]]:
    return losses(leaves, number), jax.grad(lambda leaves: sum(losses(leaves, number)))(leaves)


@pytest.fixture(scope="module")
def expected(leaves):
    return jax.device_get(jax.jit(everything)(leaves))


@pytest.mark.parametrize("spec", MESHES, ids=NAMES)
def test_losses_and_gradients(spec: MeshSpec, leaves, expected):
    mesh = parallel.make_mesh(spec)
    with parallel.mesh_context(mesh, parallel.DEFAULT_RULES):
        found = jax.device_get(jax.jit(everything)(leaves))
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-6)
    for name, wanted in expected[1].items():
        np.testing.assert_allclose(found[1][name], wanted, rtol=1e-5, atol=1e-5 * np.abs(wanted).max(), err_msg=name)


def test_padding_rows_of_the_table_are_ignored(leaves):
    """For any values in them, and without gradient."""
    fewer = {**leaves, "table": leaves["table"][:ITEMS]}
    expected = jax.device_get(jax.jit(lambda leaves: everything(leaves, ITEMS))(fewer))
    more = {**leaves, "table": leaves["table"].at[ITEMS:].set(9.0)}
    with parallel.mesh_context(parallel.make_mesh(MESHES[1]), parallel.DEFAULT_RULES):
        found = jax.device_get(jax.jit(lambda leaves: everything(leaves, ITEMS))(more))
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-6)
    wanted = np.pad(expected[1]["table"], ((0, V - ITEMS), (0, 0)))
    for ours, theirs in ((found[1]["rows"], expected[1]["rows"]), (found[1]["table"], wanted)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5 * np.abs(wanted).max())
    assert not found[1]["table"][ITEMS:].any()


def ranking(shard, rows, table, _):
    hidden, seen, target = rows
    # Small integers, so that there are ties.
    scores = mask_seen(item_scores(jnp.round(hidden), jnp.round(table), shard), seen, shard)
    return rank(scores, target, shard), top_k_items(scores, 7, shard)


@pytest.mark.parametrize("spec", MESHES, ids=NAMES)
def test_ranks_and_top_items(spec: MeshSpec, leaves):
    rng = np.random.default_rng(2)
    rows = leaves["rows"], jnp.asarray(rng.integers(0, V + 1, (R, 3))), jnp.asarray(rng.integers(0, V, R))
    run = jax.jit(lambda rows, table: shard_map_scores(ranking, rows, table, None, ("rows", "rows")))
    expected = jax.device_get(run(rows, leaves["table"]))
    with parallel.mesh_context(parallel.make_mesh(spec), parallel.DEFAULT_RULES):
        found = jax.device_get(run(rows, leaves["table"]))
    jax.tree.map(np.testing.assert_array_equal, found, expected)


def test_padding_rows_are_not_ranked(leaves):
    rng = np.random.default_rng(3)
    rows = leaves["rows"], jnp.asarray(rng.integers(0, ITEMS + 1, (R, 3))), jnp.asarray(rng.integers(0, ITEMS, R))
    where = "rows", ("rows", "rows")
    run = jax.jit(lambda rows, table: shard_map_scores(ranking, rows, table, None, where, items=ITEMS))
    expected = jax.device_get(run(rows, leaves["table"][:ITEMS]))
    with parallel.mesh_context(parallel.make_mesh(MESHES[2]), parallel.DEFAULT_RULES):
        found = jax.device_get(run(rows, leaves["table"].at[ITEMS:].set(9.0)))
    jax.tree.map(np.testing.assert_array_equal, found, expected)


def test_error_on_indivisible_items(leaves):
    with (
        parallel.mesh_context(parallel.make_mesh(MESHES[2]), parallel.DEFAULT_RULES),
        pytest.raises(UserError, match=r"31 items.*8 devices.*tensor.*rules\.vocab"),
    ):
        jax.eval_shape(
            lambda rows, table: item_cross_entropy(rows, table, jnp.zeros(R, int), jnp.ones(R, bool), chunk=4),
            leaves["rows"],
            leaves["table"][:-1],
        )
