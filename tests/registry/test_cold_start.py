"""An item without training interactions is recommended through its features, and only through them."""

import functools
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from ml_collections import ConfigDict

from tests.support import ring_interactions
from timesuite_jax import parallel, param_tree, port
from timesuite_jax.data.interactions import Interactions
from timesuite_jax.errors import UserError
from timesuite_jax.mqsa_ted.task import MqsaTedTask
from timesuite_jax.parallel import MeshSpec
from timesuite_jax.param_tree import Params
from timesuite_jax.registry import Recommends, build, load, run_config
from timesuite_jax.registry.ports import PORTS

GROUPS, SIZE = 3, 5
COLD = 0  # the item of group 0 that no training history holds


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Users who take items of one group in any order; an item's vector is its group's with some noise."""
    rng, folder = np.random.default_rng(0), tmp_path_factory.mktemp("groups")
    warm = [[n for n in range(SIZE) if g or n != COLD] for g in range(GROUPS)]
    taken = [g * SIZE + rng.permutation(warm[g])[:4] for g in 10 * list(range(GROUPS))]
    train, validation, test = np.array(taken)[:, :-2], *np.array(taken)[:, -2:].T
    start = np.arange(len(taken) + 1) * train.shape[1]
    arrays = (array.astype(np.int32) for array in (start, train.ravel(), validation, test))
    Interactions(*arrays, GROUPS * SIZE).save(folder / "groups.npz")
    groups = np.repeat(np.eye(GROUPS), SIZE, axis=0)
    np.save(folder / "vectors.npy", groups @ rng.normal(size=(GROUPS, 6)) + 0.1 * rng.normal(size=(GROUPS * SIZE, 6)))
    return folder


def place_of_the_cold_item(task: MqsaTedTask, params: Params) -> float:
    """Its mean place, from 0, among all items after histories of each pair of others of its group."""
    histories = [[str(a), str(b)] for a in range(1, SIZE) for b in range(1, SIZE) if a != b]
    made = task.recommender(params)(histories, top=GROUPS * SIZE, seen=True)
    return float(np.mean([[item for item, _ in each.items].index(str(COLD)) for each in made]))


def train(folder: Path, name: str, *words: str) -> tuple[MqsaTedTask, Params]:
    config = ring_interactions.ring_config(folder / "groups.npz", "--config.training.eval_every=60", *words)
    result = ring_interactions.train(config, folder / name)
    return MqsaTedTask.from_config(config), param_tree.merge(result.state.params, result.frozen)


@pytest.mark.nightly
def test_features_rank_an_unseen_item_above_other_groups(folder):
    task, params = train(folder, "added", f"--config.features.path={folder / 'vectors.npy'}")
    vectors = params["item_features"]
    other = {**params, "item_features": vectors.at[COLD].set(vectors[SIZE])}  # as if it were of the next group
    assert place_of_the_cold_item(task, params) < SIZE <= place_of_the_cold_item(task, other)
    # The vectors are kept once, untrained; what projects them has been trained.
    np.testing.assert_array_equal(params["item_features"], task.item_features.vectors)
    np.testing.assert_array_equal(np.flatnonzero(params["item_trained"] == 0), [COLD])
    assert not task.trainable(("item_features",)) and task.trainable(("feature_projection",))


@pytest.fixture(scope="module")
def short_run(folder, tmp_path_factory) -> tuple[dict, Params, Path]:
    """A run of one step, with its vectors in a file of its own: its config, its parameters and its folder."""
    run = tmp_path_factory.mktemp("short")
    (run / "vectors.npy").write_bytes((folder / "vectors.npy").read_bytes())
    words = [f"--config.features.path={run / 'vectors.npy'}", "--config.training.total_steps=1"]
    config = ring_interactions.ring_config(folder / "groups.npz", *words, "--config.model.item_multiple=2")
    result = ring_interactions.train(config, run)
    return config.to_dict(), param_tree.merge(result.state.params, result.frozen), run


def initial(config: dict, weights: Path, *expect_missing: str) -> Params:
    """What a run begins with that starts from these weights, its items over two devices."""
    task = build({**config, "weights": {"files": (str(weights),), "expect_missing": expect_missing}})
    mesh = parallel.make_mesh(MeshSpec(tensor=2), jax.devices()[:2])
    return task.initial_weights().load(parallel.abstract_arrays(task.abstract_params(), mesh, parallel.DEFAULT_RULES))


def test_a_run_starts_from_an_export_with_features(short_run, tmp_path):
    config, params, _ = short_run
    params = {**params, "item_trained": params["item_trained"].at[COLD].set(1.0)}  # as if earlier data had held it
    mqsa = PORTS["mqsa_ted"]
    source = port.TreeSource.of_params(mqsa, params)
    port.export(source, tmp_path / "whole.safetensors")
    jax.tree.map(np.testing.assert_array_equal, initial(config, tmp_path / "whole.safetensors"), params)

    port.export(source, tmp_path / "half.safetensors", port.ExportSpec(dtype=np.dtype(jnp.bfloat16)))
    found = initial(config, tmp_path / "half.safetensors")
    np.testing.assert_array_equal(found["item_features"], params["item_features"])  # those of the config's file
    np.save(tmp_path / "others.npy", np.load(config["features"]["path"])[::-1])
    config = {**config, "features": {"path": str(tmp_path / "others.npy")}}
    with pytest.raises(UserError, match=r"the vectors of .*others.npy differ by up to .* from those .* give the same"):
        initial(config, tmp_path / "whole.safetensors")


def test_weights_with_features_require_features(short_run, tmp_path):
    config, params, _ = short_run
    mqsa = PORTS["mqsa_ted"]
    port.export(port.TreeSource.of_params(mqsa, params), tmp_path / "whole.safetensors")
    with pytest.raises(UserError, match=r"requires the feature vectors .*; give their file as features\.path"):
        initial({**config, "features": {}}, tmp_path / "whole.safetensors")


def test_weights_without_features_keep_their_embeddings(short_run, tmp_path):
    """Also of items that the present data do not hold."""
    config, params, _ = short_run
    features = ("feature_projection", "item_features", "item_trained")
    alone = {name: value for name, value in params.items() if name not in features}
    mqsa = PORTS["mqsa_ted"]
    port.export(port.TreeSource.of_params(mqsa, alone), tmp_path / "alone.safetensors")
    with pytest.raises(UserError, match="feature_projection"):
        initial(config, tmp_path / "alone.safetensors")
    found = initial(config, tmp_path / "alone.safetensors", *features)
    assert "feature_projection" not in found
    np.testing.assert_array_equal(found["item_trained"][:, 0], [1.0] * GROUPS * SIZE + [0.0])  # the last is no item
    np.testing.assert_array_equal(found["item_features"], params["item_features"])


def test_features_alone_are_not_weights(short_run):
    config, _, _ = short_run
    with pytest.raises(UserError, match=r"config\.weights\.files is empty.*name files"):
        load(config, Recommends)


def test_changed_features_are_rejected(short_run, request):
    config, _, run = short_run
    vectors = run / "vectors.npy"
    request.addfinalizer(functools.partial(vectors.write_bytes, vectors.read_bytes()))
    np.save(vectors, np.load(vectors)[::-1])
    own = run_config(run)
    assert own["features"]["path"] == f"{run}/files/features.path/vectors.npy"
    load(run, Recommends)  # the run's own copy is unchanged
    with pytest.raises(UserError, match=r"features in .*vectors.npy differ \(checksum \d+\).*give the file"):
        load(run, Recommends, config={**own, "features": {**own["features"], "path": str(vectors)}})
    with pytest.raises(UserError, match=r"has feature_checksum \d+, this run has \d+; resume with the same data"):
        ring_interactions.train(ConfigDict(config), run)


def test_embeddings_may_start_from_features(folder):
    words = [f"--config.features.path={folder / 'vectors.npy'}", "--config.features.use=start"]
    task = build(ring_interactions.ring_config(folder / "groups.npz", *words))
    shapes = jax.tree.map(lambda leaf: leaf.value, task.abstract_params(), is_leaf=lambda leaf: hasattr(leaf, "value"))
    assert "item_features" not in shapes
    device = jax.sharding.SingleDeviceSharding(jax.devices()[0])
    targets = {name: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=device)
               for (name, *rest), leaf in param_tree.leaves_with_paths(shapes) if not rest}  # fmt: skip
    (embedding,) = task.initial_weights().load(targets).values()
    np.testing.assert_allclose(np.std(embedding), 0.01, rtol=0.05)
    near = embedding @ embedding.T
    assert near[1, 2] > 0 and near[1, 2] > near[1, SIZE:].max()
