"""From configs and work folders to tasks."""

import json

import jax
import numpy as np
import pytest
from flax import linen as nn

from tests.support import tiny_config, toy_task
from timesuite_jax import parallel, param_tree, training
from timesuite_jax.checkpoints.readers import restore_params
from timesuite_jax.errors import UserError
from timesuite_jax.registry.load import answering_layout, build, load_chat, load_recommender, load_run


def test_load_run_gives_back_what_was_trained(tiny_run, tiny_corpus):
    task, params = load_run(tiny_run)
    assert task.config.data.corpora == (str(tiny_corpus),)
    again = dict(param_tree.leaves_with_paths(load_run(tiny_run, step=2)[1]))
    for path, leaf in param_tree.leaves_with_paths(params):
        np.testing.assert_array_equal(leaf, again[path])


def test_each_family_is_asked_for_its_own(tiny_run, tmp_path):
    task, _ = load_chat(tiny_run)
    assert task.name == "videochat_t"
    with pytest.raises(UserError, match="holds a videochat_t run, which recommends nothing; give one of MQSA-TED"):
        load_recommender(tiny_run)
    # Said before the task is built, which this config would not do for.
    config = {"task": "mqsa_ted"}
    training.run(toy_task.ToyTask(), training.TrainingSpec(total_steps=1), tmp_path, config=config)
    with pytest.raises(UserError, match="holds a mqsa_ted run, which answers no questions; give one of VideoChat-T"):
        load_chat(tmp_path)


def test_a_checkpoint_of_another_config(tiny_run, tiny_corpus):
    config = tiny_config.get_config(str(tiny_corpus))
    config.model.mistral.mlp = 48
    with pytest.raises(UserError, match="does not fit this config; use the config it was trained with") as caught:
        restore_params(tiny_run, build(config).abstract_params())
    assert "mistral/layers/mlp/up/kernel" in str(caught.value)


@pytest.mark.parametrize("step", [None, 7])
def test_checkpoints_that_are_not_there(tiny_run, tmp_path, step):
    folder, told = (
        (tmp_path, "has no checkpoint; train there first") if step is None else (tiny_run, "of step 7; it has 2")
    )
    with pytest.raises(UserError, match=told):
        load_run(folder, step=step)


def test_a_run_that_names_no_task(tmp_path):
    spec = training.TrainingSpec(total_steps=1)
    training.run(toy_task.ToyTask(), spec, tmp_path, config={"something": 1})
    with pytest.raises(UserError, match="not written by `timesuite train`"):
        load_run(tmp_path)


@pytest.mark.parametrize(
    ("name", "told"), [("videochat", "did you mean 'videochat_t'"), ("x", "known are videochat_t"), (None, "unknown")]
)
def test_unknown_tasks(name, told):
    with pytest.raises(UserError, match=told):
        build({"task": name})


def test_configs_survive_being_saved(tiny_corpus):
    config = tiny_config.get_config(str(tiny_corpus))
    again = build(json.loads(json.dumps(config.to_dict())))
    assert again.config == build(config).config


@pytest.mark.parametrize(("mesh", "fsdp"), [({"data": 2, "fsdp": -1}, 4), ({"data": 4, "fsdp": 16}, 1), ({}, 1)])
def test_answers_come_from_the_mesh_of_the_training_where_it_fits(mesh, fsdp):
    layout, _ = answering_layout({"training": {"mesh": mesh}}, {})
    assert dict(layout.shape) == {"replica": 1, "data": 8 // fsdp, "fsdp": fsdp, "tensor": 1}


def test_rules_of_the_training_are_kept():
    config = {"training": {"mesh": {"data": 2, "fsdp": 4}, "rules": {"embed": None}}}
    assert answering_layout(config, {})[1]["embed"] == ()


def test_parameters_that_the_mesh_of_the_training_does_not_divide_are_copied():
    uneven = {"kernel": nn.LogicallyPartitioned(jax.ShapeDtypeStruct((12, 4), np.float32), ("embed", "mlp"))}
    config = {"training": {"mesh": {"data": 1, "fsdp": -1}}}  # of 8 devices
    layout, rules = answering_layout(config, uneven)
    assert dict(layout.shape) == {"replica": 1, "data": 8, "fsdp": 1, "tensor": 1}
    assert parallel.abstract_arrays(uneven, layout, rules)["kernel"].sharding.is_fully_replicated


@pytest.mark.parametrize("part", [{"mesh": {"tenser": 2}}, {"rules": {"embd": None}}])
def test_names_that_no_mesh_or_rule_has_are_told(part):
    with pytest.raises(UserError, match=r"tenser|embd"):
        answering_layout({"training": part}, {})
