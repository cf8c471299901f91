"""Loading a model from a run's folder or a config: parameters, mesh, capabilities, missing pieces."""

import jax
import numpy as np
import pytest

from tests.support import tiny_config, toy_task
from timesuite_jax import param_tree, training
from timesuite_jax.checkpoints.readers import restore_params
from timesuite_jax.errors import UserError
from timesuite_jax.registry import Answers, Evaluates, Recommends, build, load, open_model


def test_the_parameters_are_those_of_the_run(tiny_run, tiny_corpus):
    loaded = load(tiny_run, Answers)
    assert loaded.task.name == "videochat_t" and loaded.task.config.data.corpora == (str(tiny_corpus),)
    again = dict(param_tree.leaves_with_paths(load(tiny_run, Answers, step=2).params))
    for path, leaf in param_tree.leaves_with_paths(loaded.params):
        np.testing.assert_array_equal(leaf, again[path])


def test_run_enters_the_mesh_of_the_parameters(tiny_run):
    loaded = load(tiny_run, Answers)

    def mesh_within(params, name, *, suffix):
        assert params is loaded.params and name + suffix == "ab"
        return jax.sharding.get_abstract_mesh()

    assert loaded.run(mesh_within, "a", suffix="b") == loaded.mesh.abstract_mesh
    assert jax.sharding.get_abstract_mesh().empty


def test_data_replace_the_evaluation_corpora(tiny_run, tiny_corpus, tmp_path):
    model = open_model(tiny_run, Evaluates, data=[str(tiny_corpus)])
    assert model.task.config.evaluation.corpora == (str(tiny_corpus),)
    with pytest.raises(UserError, match=rf"config\.evaluation\.corpora: {tmp_path} holds no corpus"):
        open_model(tiny_run, Evaluates, data=[str(tmp_path)])


def test_a_model_without_the_capability_is_rejected_with_what_it_can_do(tiny_run, tmp_path):
    with pytest.raises(UserError, match=r"videochat_t model, not one that recommends items: .*timesuite ask"):
        load(tiny_run, Recommends)
    # Rejected before the task is built, for which this config does not suffice.
    config = {"task": "mqsa_ted"}
    training.run(toy_task.ToyTask(), training.TrainingSpec(total_steps=1), tmp_path, config=config)
    with pytest.raises(UserError, match=r"mqsa_ted model, not one that answers questions .*: it recommends items"):
        load(tmp_path, Answers)


def test_missing_tokenizers_are_reported_before_parameters_are_read(tiny_corpus, tmp_path):
    config = tiny_config.get_config(str(tiny_corpus))
    config.text.tokenizer = str(tmp_path / "tokenizer.json")
    config.weights = {"files": (str(tmp_path / "absent.safetensors"),)}
    with pytest.raises(UserError, match=r"tokenizer\.json"):
        open_model(config, Answers)


def test_a_checkpoint_of_another_config_is_rejected(tiny_run, tiny_corpus):
    config = tiny_config.get_config(str(tiny_corpus))
    config.model.mistral.mlp = 48
    with pytest.raises(UserError, match="does not fit this config") as caught:
        restore_params(tiny_run, build(config).abstract_params())
    assert "mistral/layers/mlp/up/kernel" in str(caught.value)


@pytest.mark.parametrize("step", [None, 7])
def test_a_missing_checkpoint_is_an_error(tiny_run, tmp_path, step):
    folder, problem = (tmp_path, "has no checkpoint") if step is None else (tiny_run, "of step 7; it has 2")
    with pytest.raises(UserError, match=problem):
        load(folder, Answers, step=step)


def test_a_run_without_a_task_is_rejected(tmp_path):
    spec = training.TrainingSpec(total_steps=1)
    training.run(toy_task.ToyTask(), spec, tmp_path, config={"something": 1})
    with pytest.raises(UserError, match="not written by `timesuite train`"):
        load(tmp_path, Answers)
