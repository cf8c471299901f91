"""The MQSA-TED task in the training loop: it learns and resumes, and invalid configs are rejected."""

import math
from pathlib import Path

import jax
import numpy as np
import pytest
from jax.sharding import PartitionSpec
from ml_collections import ConfigDict

from tests.support import ring_interactions
from tests.support.one_device import train_on_one_device
from tests.support.paths import CONFIGS
from timesuite_jax import parallel, param_tree, port, training
from timesuite_jax.cli._configs import load_config
from timesuite_jax.data.interactions import Interactions
from timesuite_jax.errors import UserError
from timesuite_jax.mqsa_ted.objectives.weight_penalty import half_squared_norm
from timesuite_jax.mqsa_ted.task import MqsaTedTask
from timesuite_jax.parallel import MeshSpec
from timesuite_jax.port import open_layers, write_import
from timesuite_jax.registry import Evaluates, build, load
from timesuite_jax.registry.ports import PORTS
from timesuite_jax.training import TrainingSpec

CONFIGS = CONFIGS / "mqsa_ted"
USERS, ITEMS = 24, 12


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    """Histories around a ring of items, of which the next item can be learnt."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(3, 9, USERS)
    walks = [(first + np.arange(length)) % ITEMS for first, length in zip(range(USERS), lengths, strict=True)]
    file = tmp_path_factory.mktemp("interactions") / "ring.npz"
    np.savez(
        file,
        user_ptr=np.concatenate([[0], np.cumsum(lengths - 2)]),
        items=np.concatenate([walk[:-2] for walk in walks]),
        validate_item=np.array([walk[-2] for walk in walks]),
        test_item=np.array([walk[-1] for walk in walks]),
        num_user=USERS,
        num_item=ITEMS,
    )
    return file


@pytest.fixture
def config(path: Path) -> ConfigDict:
    return load_config(f"{CONFIGS / 'beauty.py'}:debug", [f"--config.data.path={path}"])


def spec_of(config: ConfigDict, **changes) -> TrainingSpec:
    config.training.update(**changes)
    return TrainingSpec.from_config(config.training)


def test_training_learns_the_ring(config, tmp_path, monkeypatch):
    train_on_one_device(monkeypatch)
    config.model.update(dropout=0.0)
    config.training.optimizer.update(learning_rate=3e-2)
    spec = spec_of(config, total_steps=60, log_every=20, eval_every=0)
    result = training.run(build(config), spec, tmp_path, config=config.to_dict())
    assert result.metrics["test/hr_5"] > 0.9 and result.metrics["validation/n"] == USERS
    assert result.metrics["next_item"] < np.log(ITEMS) / 2
    loaded = load(tmp_path, Evaluates)
    task, params = loaded.task, loaded.params
    assert isinstance(task, MqsaTedTask)
    assert {f"test/{name}" for name in task.evaluations()["test"].metric_names} < set(result.metrics)
    assert task.evaluations()["test"](params) == pytest.approx(
        {name.removeprefix("test/"): value for name, value in result.metrics.items() if name.startswith("test/")}
    )


@pytest.mark.nightly
def test_a_resumed_run_equals_the_uninterrupted_one(config, tmp_path, monkeypatch):
    """Rows are a multiple of 8 devices times 3 microbatches, though `data.row_multiple` is 8."""
    monkeypatch.setattr(MqsaTedTask, "evaluations", lambda self: {})  # they would take most of the time

    def run(steps: int, name: str) -> training.RunResult:
        spec = spec_of(config, total_steps=steps, accumulate=3, best="", eval_every=0)
        return training.run(build(config), spec, tmp_path / name)

    whole, _, parts = run(5, "whole"), run(3, "parts"), run(5, "parts")
    for path, leaf in param_tree.leaves_with_paths(whole.state.params):
        np.testing.assert_array_equal(dict(param_tree.leaves_with_paths(parts.state.params))[path], leaf)


@pytest.mark.parametrize(("users", "batch", "steps"), [(24, 16, 2), (24, 24, 1), (25, 24, 2), (24, 256, 1)])
@pytest.mark.parametrize("name", ["beauty", "yelp", "sasrec"])
def test_steps_per_epoch_follow_from_the_data(tmp_path, name, users, batch, steps):
    ring_interactions.ring(users=users).save(tmp_path / "ring.npz")
    words = [f"--config.data.path={tmp_path / 'ring.npz'}", f"--config.data.batch_size={batch}"]
    config = load_config(str(CONFIGS / f"{name}.py"), words)
    task = build(config)
    spec = TrainingSpec.from_config(config.training).in_steps(task.steps_per_epoch)
    assert (spec.total_steps, spec.eval_every, spec.save_every) == (200 * steps, steps, 10 * steps)
    assert task.train_data(seed=0, process_index=0, process_count=1).batches == steps


def test_a_run_of_epochs_ends_after_them(config, tmp_path, monkeypatch):
    train_on_one_device(monkeypatch)
    changes = {"total_steps": 0, "epochs": 1.5, "interval": "epoch", "log_every": 1, "eval_every": 1, "save_every": 1}
    result = training.run(build(config), spec_of(config, **changes), tmp_path, config=config.to_dict())
    assert result.step == 3 and result.best.step in (2, 3)


def test_the_loss_is_the_sum_of_its_terms_and_ignores_padding(config):
    config.model.update(dropout=0.0)
    task = build(config)
    params = jax.jit(task.init)(jax.random.key(0))
    batch = next(task.train_data(seed=0, process_index=0, process_count=1))
    loss = jax.jit(lambda batch: task.loss(params, {}, batch, jax.random.key(0)))
    total, weight, sums = loss(batch)
    expected = sums["next_item"][0] + 0.1 * sums["distillation"][0] + 1e-4 * weight * half_squared_norm(params)
    np.testing.assert_allclose(total, expected, rtol=1e-6)
    assert weight == task.throughput_counts(batch)["tokens"] > 0
    padding = task.model.spec.padding
    more = {name: np.pad(rows, ((0, 16), (0, 0)), constant_values=padding) for name, rows in batch.items()}
    np.testing.assert_allclose(loss(more)[0], total, rtol=1e-6)


def test_without_distillation_there_is_no_teacher(config):
    config.loss.distillation = 0
    task = build(config)
    assert task.teacher is None
    batch = next(task.train_data(seed=0, process_index=0, process_count=1))
    params = jax.eval_shape(task.init, jax.random.key(0))
    sums = jax.eval_shape(task.loss, params, {}, batch, jax.random.key(0))[2]
    assert set(sums) == {"next_item"}


def test_the_abstract_batch_has_the_shapes_of_the_stream(config):
    task = build(config)
    real = next(task.train_data(seed=0, process_index=0, process_count=1))
    blank = task.abstract_batch()
    assert {name: (array.shape[1:], array.dtype) for name, array in blank.items()} == {
        name: (array.shape[1:], array.dtype) for name, array in real.items()
    }
    assert len(blank["items"]) >= config.data.batch_size > len(real["items"])
    assert config.data.batch_size == 16 and len(task.abstract_batch(row_multiple=12)["items"]) == 24


def test_samples_are_named(config):
    stream = build(config).train_data(seed=0, process_index=0, process_count=1)
    assert stream.sample_names({"segments": np.array([[7, 7, 0], [-1, 3, -1]])}) == ["user 0", "user 3", "user 7"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": {"items": 5}}, "model.items is determined by the data; remove it"),
        ({"model": {"windw": 5}}, "model.windw is unknown; did you mean 'window'"),
        ({"model": {"features": 5}}, "model.features is determined by the file of vectors; set features.path"),
        ({"features": {"path": "none.npy"}}, "none.npy does not exist"),
        ({"loss": {"tau": 0.0}}, "loss.tau=0.0 must be above 0"),
        ({"lss": {}}, "config.lss is unknown; did you mean 'loss'"),
        ({"data": {"path": "nowhere.npz"}}, "nowhere.npz does not exist"),
    ],
)
def test_invalid_configs_are_rejected(config, change, message):
    with pytest.raises(UserError) as caught:
        build({**config.to_dict(), **change})
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("items", "change", "message"),
    [
        ([0, 1], {"loss": {"distillation": 0.0}}, "contain no pair of successive items"),
        ([0, 0, 0], {"loss": {"negatives": 1}}, "loss.negatives=1, but the only item has no negatives"),
    ],
)
def test_data_without_pairs_or_negatives_are_rejected(tmp_path, config, items, change, message):
    start, held = np.array([0, len(items) - 1, len(items)]), np.zeros(2, np.int32)
    Interactions(start, np.array(items), held, held, max(items) + 1).save(tmp_path / "poor.npz")
    with pytest.raises(UserError, match=message):
        build({**config.to_dict(), **change, "data": {"path": str(tmp_path / "poor.npz")}})


@pytest.mark.parametrize("name", ["beauty", "sports", "toys", "yelp"])
def test_configs_have_the_released_hyper_parameters(name):
    config = load_config(str(CONFIGS / f"{name}.py"))
    spec = TrainingSpec.from_config(config.training)
    assert spec.optimizer.eps_hat and spec.optimizer.learning_rate == 1e-3 and spec.seed == 2023
    assert (spec.epochs, spec.total_steps) == (200, 0)
    assert (spec.interval, spec.log_every, spec.eval_every, spec.save_every) == ("epoch", 1, 1, 10)
    assert config.data.path == f"data/{name}.npz"
    assert config.model.to_dict() == {
        "width": 64, "max_len": 50, "blocks": 1, "heads": 1, "window": 3, "alpha": 0.5, "dropout": 0.5,
        "item_multiple": 1,
    }  # fmt: skip


@pytest.mark.parametrize("sizes", [{"data": 2, "fsdp": 2, "tensor": 2}, {"data": 3, "tensor": 2}])
def test_metrics_on_a_mesh_equal_those_on_one_device(config, sizes):
    """The item table and the batch are sharded; for loss and gradient see test_shardings.py.

    Three devices divide neither the 7 users of a batch nor the row multiple of 8; on one device all users are a batch.
    """
    task = build(config)
    params = jax.jit(task.init)(jax.random.key(0))
    metrics = task.evaluations()["test"](params)
    config.data.evaluation_batch_size = 7
    task = build(config)
    mesh = parallel.make_mesh(MeshSpec(**sizes), jax.devices()[: math.prod(sizes.values())])
    with parallel.mesh_context(mesh, parallel.DEFAULT_RULES):
        where = parallel.shardings(task.abstract_params(), mesh, parallel.DEFAULT_RULES)
        assert where["item_embedding"].spec == PartitionSpec(("tensor",), ("fsdp",) if "fsdp" in sizes else None)
        assert task.evaluations()["test"](jax.device_put(params, where)) == metrics


def test_any_number_of_items_is_sharded(config, tmp_path):
    """Eleven items over two devices: a padding row of the table is never trained, ranked or recommended."""
    ring_interactions.ring(items=11).save(tmp_path / "eleven.npz")
    config.data.path = str(tmp_path / "eleven.npz")
    config.model.update(dropout=0.0)
    one = build(config)
    config.model.item_multiple = 2
    task = build(config)
    params = jax.jit(task.init)(jax.random.key(0))
    assert params["item_embedding"].shape == (12, 8) and not params["item_embedding"][11].any()
    alone = {**params, "item_embedding": params["item_embedding"][:11]}
    batch = next(task.train_data(seed=0, process_index=0, process_count=1))

    def gradient(task: MqsaTedTask, params: dict) -> tuple:
        def loss(params: dict, batch: dict) -> jax.Array:
            return task.loss(params, {}, batch, jax.random.key(0))[0]

        return jax.jit(jax.value_and_grad(loss))(params, batch)

    total, expected = gradient(one, alone)
    mesh = parallel.make_mesh(MeshSpec(data=1, tensor=2), jax.devices()[:2])
    with parallel.mesh_context(mesh, parallel.DEFAULT_RULES):
        spread = jax.device_put(params, parallel.shardings(task.abstract_params(), mesh, parallel.DEFAULT_RULES))
        loss, found = gradient(task, spread)
        metrics = task.evaluations()["test"](spread)
    np.testing.assert_allclose(loss, total, rtol=1e-6)
    np.testing.assert_allclose(found["item_embedding"][:11], expected["item_embedding"], rtol=1e-4, atol=1e-6)
    assert not np.asarray(found["item_embedding"][11]).any()
    assert metrics == one.evaluations()["test"](alone)


@pytest.mark.parametrize("name", ["weights.safetensors", "folder"])
def test_a_run_starts_from_an_export(config, tmp_path, name):
    config.weights.files = (str(tmp_path / name),)
    task = build(config)
    mesh = parallel.make_mesh(MeshSpec(), jax.devices()[:1])
    targets = parallel.abstract_arrays(task.abstract_params(), mesh, parallel.DEFAULT_RULES)
    rng = np.random.default_rng(0)
    params = jax.tree.map(lambda leaf: rng.normal(size=leaf.shape).astype(leaf.dtype), targets)
    mqsa = PORTS["mqsa_ted"]
    port.export(port.TreeSource.of_params(mqsa, params), tmp_path / "weights.safetensors")
    plan = port.resolve(mqsa, open_layers(mqsa, [str(tmp_path / "weights.safetensors")]))
    write_import(tmp_path / "folder", port.lazy_arrays(plan), plan.report)
    weights = task.initial_weights()
    assert weights and weights.source == config.weights.files[0]
    jax.tree.map(np.testing.assert_array_equal, weights.load(targets), params)
    # As many rows for fewer items: 11, padded to 12.
    config.data.path = str(tmp_path / "fewer.npz")
    ring_interactions.ring(items=ITEMS - 1).save(Path(config.data.path))
    config.model.item_multiple = ITEMS
    with pytest.raises(UserError, match=rf"{name} has more items than the 11 of .*fewer.npz; give weights"):
        build(config).initial_weights().load(targets)


def test_two_initializations_of_the_embeddings_are_rejected(config):
    config.features.path, config.features.use, config.weights.files = "vectors.npy", "start", ("a.safetensors",)
    with pytest.raises(UserError, match=r"weights\.files=.* and features\.path=vectors\.npy with .* both initialize"):
        build(config)
