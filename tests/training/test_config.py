"""Specs from configs, and errors that name the key."""

import pytest
from ml_collections import ConfigDict

from timesuite_jax.errors import UserError
from timesuite_jax.parallel import MeshSpec
from timesuite_jax.training import OptimizerSpec, TrainingSpec


def test_a_spec_is_built_from_a_config():
    config = ConfigDict({"total_steps": 2e3, "optimizer": {"learning_rate": 1, "clip_norm": None}})
    config.mesh = {"fsdp": 2}
    config.optimizer.no_decay = ("*/scale",)
    config.rules = {"embed": ("tensor",)}
    spec = TrainingSpec.from_config(config)
    assert spec.total_steps == 2000
    assert isinstance(spec.total_steps, int)
    assert spec.optimizer == OptimizerSpec(learning_rate=1.0, clip_norm=None, no_decay=("*/scale",))
    assert spec.mesh == MeshSpec(fsdp=2)
    assert spec.rules == {"embed": ("tensor",)}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"total_steps": 5, "optimizer": {"learning_rat": 1.0}},
            r"training\.optimizer\.learning_rat .*'learning_rate'",
        ),
        ({"total_steps": 5, "zebra": 1}, r"training\.zebra is unknown; known keys are total_steps"),
        ({"seed": 5}, r"training\.total_steps=0 must be at least 1, unless training\.epochs is set"),
        (
            {"epochs": 2, "total_steps": 5},
            r"total_steps=5 and training\.epochs=2 both set the length .* one of them to 0",
        ),
        ({"epochs": -1.0}, r"training\.epochs=-1\.0 must be at least 0"),
        ({"epochs": 1, "interval": "day"}, r"training\.interval='day' is unknown; choose one of 'step', 'epoch'"),
        ({"total_steps": "many"}, r"training\.total_steps='many' is not of type int"),
        ({"total_steps": 2.5}, r"training\.total_steps=2.5 is not of type int"),
        ({"total_steps": True}, r"training\.total_steps=True is not of type int"),
        ({"total_steps": 5, "mesh": 3}, r"training\.mesh=3 is not of type MeshSpec"),
        ({"total_steps": 5, "optimizer": {"clip_norm": "1"}}, r"clip_norm='1' is not of type float"),
        ({"total_steps": 5, "seed": -3}, r"training\.seed=-3 must be at least 0"),
        ({"total_steps": 5, "seed": 2**32}, r"training\.seed=4294967296 must be below 4294967296"),
        ({"total_steps": 0}, r"training\.total_steps=0 must be at least 1"),
    ],
)
def test_errors_name_the_key(config: dict, message: str):
    with pytest.raises(UserError, match=message):
        TrainingSpec.from_config(ConfigDict(config))


def test_bounds_hold_for_specs_that_are_constructed_directly():
    with pytest.raises(UserError, match=r"log_every=0 .*at least 1"):
        TrainingSpec(total_steps=3, log_every=0)
    with pytest.raises(UserError, match=r"b1=1.5 .*below 1"):
        OptimizerSpec(b1=1.5)


@pytest.mark.parametrize(
    ("fields", "steps"),
    [
        ({"total_steps": 5}, (5, 50, 0, 1000)),
        ({"epochs": 3}, (21, 50, 0, 1000)),
        ({"epochs": 0.5}, (4, 50, 0, 1000)),
        ({"epochs": 0.01}, (1, 50, 0, 1000)),
        ({"epochs": 3, "interval": "epoch", "log_every": 1, "eval_every": 2, "save_every": 3}, (21, 7, 14, 21)),
        ({"total_steps": 5, "interval": "epoch", "log_every": 1, "save_every": 1}, (5, 7, 0, 7)),
    ],
)
def test_epochs_are_converted_to_steps(fields, steps):
    spec = TrainingSpec(**fields).in_steps(lambda: 7)
    assert (spec.total_steps, spec.log_every, spec.eval_every, spec.save_every) == steps
    assert spec.in_steps(lambda: 100) == spec


def test_the_warm_up_is_converted_to_steps():
    spec = TrainingSpec(total_steps=9, optimizer=OptimizerSpec(warmup_epochs=0.5)).in_steps(lambda: 7)
    assert (spec.total_steps, spec.optimizer.warmup_steps, spec.optimizer.warmup_epochs) == (9, 3.5, 0.0)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"warmup_steps": 3, "warmup_epochs": 1}, "warmup_steps=3 and warmup_epochs=1 both set"),
        ({"warmup_start_ratio": 0.1}, "warmup_start_ratio=0.1 has no effect on the schedule 'clipped_cosine'"),
    ],
)
def test_a_warm_up_that_is_not_defined_is_rejected(fields, message):
    with pytest.raises(UserError, match=message):
        OptimizerSpec(**fields)


def test_epochs_are_computed_only_where_they_occur():
    def fail() -> int:
        raise UserError("no epochs")

    assert TrainingSpec(total_steps=5).in_steps(fail).total_steps == 5
    for fields in ({"epochs": 1.0}, {"total_steps": 5, "interval": "epoch"}):
        with pytest.raises(UserError, match="no epochs"):
            TrainingSpec(**fields).in_steps(fail)
