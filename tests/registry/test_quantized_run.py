"""A run on quantized kernels: what cannot be trained; nightly: what it stores, that it answers and resumes."""

import shutil
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp
import pytest

from tests.support import corpus_questions, tiny_config
from timesuite_jax import parallel, param_tree, training
from timesuite_jax.errors import UserError
from timesuite_jax.layers.quantized import dequantize
from timesuite_jax.registry import Answers, build, load
from timesuite_jax.training import RunResult, TrainingSpec


def config_of(corpus: Path, weight_format: str) -> dict:
    config = tiny_config.get_config(str(corpus)).to_dict()
    config["model"]["mistral"]["weight_format"] = weight_format
    config["training"]["save_every"] = 1
    return config


def train(corpus: Path, workdir: Path) -> RunResult:
    config = config_of(corpus, "int4")
    mesh = parallel.make_mesh(parallel.MeshSpec(), jax.devices()[:1])
    return training.run(build(config), TrainingSpec.from_config(config["training"]), workdir, mesh, config=config)


@pytest.fixture(scope="module")
def finished(tiny_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunResult]:
    """Two steps on 4-bit kernels."""
    workdir = tmp_path_factory.mktemp("quantised")
    return workdir, train(tiny_corpus, workdir)


@pytest.mark.nightly
def test_the_checkpoint_holds_integers(finished: tuple[Path, RunResult]):
    workdir, result = finished
    assert np.isfinite(result.metrics["loss"])
    (folder,) = (workdir / "frozen").iterdir()
    with ocp.StandardCheckpointer() as reader:
        saved = dict(param_tree.leaves_with_paths(reader.metadata(folder).item_metadata.tree))
    codes = {path for path in saved if path[-1] == "quantized"}
    assert len(codes) == 7 and {str(saved[path].dtype) for path in codes} == {"int4"}
    assert not any(path[-1] == "kernel" for path in saved if path[:2] == ("mistral", "layers"))
    assert saved["mistral", "lm_head", "kernel"].dtype == jnp.float32


@pytest.mark.nightly
def test_it_goes_on_bit_for_bit(finished: tuple[Path, RunResult], tiny_corpus: Path, tmp_path: Path):
    workdir, result = finished
    shutil.copytree(workdir, tmp_path / "copy")
    shutil.rmtree(tmp_path / "copy/checkpoints/2")
    again = train(tiny_corpus, tmp_path / "copy")
    assert again.step == 2
    for a, b in ((again.state, result.state), (again.frozen, result.frozen)):
        jax.tree.map(np.testing.assert_array_equal, jax.device_get(a), jax.device_get(b))


@pytest.mark.nightly
def test_it_answers_as_the_float_model_of_those_weights(finished: tuple[Path, RunResult], tiny_corpus: Path):
    loaded = load(finished[0], Answers)
    task, params = loaded.task, loaded.params
    leaves = dict(param_tree.leaves_with_paths(params))
    for path in [path[:-1] for path in leaves if path[-1] == "quantized"]:
        leaves[path] = dequantize(leaves.pop((*path, "quantized")), leaves.pop((*path, "scales")), jnp.float32)
    floats = build(config_of(tiny_corpus, "float"))
    batch = corpus_questions.first_batch(task.processor(), tiny_corpus, 8)
    answers = task.answerer(params)(batch)
    assert answers == floats.answerer(param_tree.from_paths(leaves))(batch)
    assert len(set(answers)) > 2, "the model gives one answer to everything, so this test could not fail"


def test_codes_cannot_be_trained(tiny_corpus: Path):
    config = config_of(tiny_corpus, "int8") | {"trained": ("*",)}
    with pytest.raises(UserError, match=r"config.trained=.*attn/k/kernel/quantized.*int8 have no gradient"):
        build(config).abstract_params()
    with pytest.raises(
        UserError, match=r"mistral\.weight_format='int7' is unknown; choose one of 'float', 'int8', 'int4'"
    ):
        build(config_of(tiny_corpus, "int7"))
