"""An item that nobody took in training is recommended through its features, and is not without them."""

from pathlib import Path

import jax
import numpy as np
import pytest
import rings

from timesuite_jax import parallel, port, tasks, tree
from timesuite_jax.data import Interactions
from timesuite_jax.errors import UserError
from timesuite_jax.parallel import MeshSpec
from timesuite_jax.tasks.mqsa_ted import MqsaTedTask
from timesuite_jax.training import Params

GROUPS, SIZE = 3, 5
COLD = 0  # the item of group 0 that no training history holds


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Users who take items of one group in any order; what an item's group is, its vector tells with some noise."""
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
    config = rings.ring_config(folder / "groups.npz", "--config.training.eval_every=60", *words)
    result = rings.train(config, folder / name)
    return MqsaTedTask.from_config(config), tree.merge(result.state.params, result.frozen)


def test_features_bring_an_item_before_those_of_other_groups(folder):
    task, params = train(folder, "added", f"--config.features.path={folder / 'vectors.npy'}")
    assert place_of_the_cold_item(task, params) < SIZE <= place_of_the_cold_item(*train(folder, "without"))
    # The vectors are kept once, untrained; what projects them has been trained.
    np.testing.assert_array_equal(params["item_features"], task.added)
    np.testing.assert_array_equal(np.flatnonzero(params["item_trained"] == 0), [COLD])
    assert not task.trainable(("item_features",)) and task.trainable(("feature_projection",))


def test_a_run_goes_on_from_an_export_with_features(folder, tmp_path):
    mqsa, words = port.MODELS["mqsa_ted"], [f"--config.features.path={folder / 'vectors.npy'}"]
    _, params = train(folder, "small", *words, "--config.training.total_steps=1")
    params["item_trained"] = params["item_trained"].at[COLD].set(1.0)  # as if earlier data had held it
    file = tmp_path / "weights.safetensors"
    port.export(mqsa, port.TreeSource.of_params(mqsa, params), file)
    config = rings.ring_config(folder / "groups.npz", *words)
    config.weights.files = (str(file),)
    task = tasks.build(config)
    mesh = parallel.make_mesh(MeshSpec(), jax.devices()[:1])
    targets = parallel.abstract_arrays(task.abstract_params(), mesh, parallel.DEFAULT_RULES)
    weights = task.initial_weights()
    assert weights.source == f"{file}, {folder / 'vectors.npy'}"
    jax.tree.map(np.testing.assert_array_equal, weights.load(targets), params)

    np.save(tmp_path / "others.npy", np.load(folder / "vectors.npy")[::-1])
    config.features.path = str(tmp_path / "others.npy")
    with pytest.raises(UserError, match=r"the vectors of .*others.npy differ by up to .* from those .* give the same"):
        tasks.build(config).initial_weights().load(targets)


def test_embeddings_may_start_from_features(folder):
    words = [f"--config.features.path={folder / 'vectors.npy'}", "--config.features.use=start"]
    task = tasks.build(rings.ring_config(folder / "groups.npz", *words))
    shapes = jax.tree.map(lambda leaf: leaf.value, task.abstract_params(), is_leaf=lambda leaf: hasattr(leaf, "value"))
    assert "item_features" not in shapes
    device = jax.sharding.SingleDeviceSharding(jax.devices()[0])
    targets = {name: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=device)
               for (name, *rest), leaf in tree.leaves_with_paths(shapes) if not rest}  # fmt: skip
    (embedding,) = task.initial_weights().load(targets).values()
    np.testing.assert_allclose(np.std(embedding), 0.01, rtol=0.05)
    near = embedding @ embedding.T
    assert near[1, 2] > 0 and near[1, 2] > near[1, SIZE:].max()
