"""What differs when a run resumes with a changed config, and what that does to schedule and data."""

import re

import pytest

from tests.support import toy_task
from timesuite_jax import training
from timesuite_jax.training import TrainingSpec
from timesuite_jax.training.resume_report import config_changes, describe_resume

SAVED = {
    "task": "toy",
    "data": {"batch_size": 4, "corpora": ("a", "b"), "synthetic": None},
    "training": {"total_steps": 100, "seed": 0, "optimizer": {"learning_rate": 1e-3, "warmup_steps": 10.0}},
}


def changed(**values):
    """`SAVED` with other values, by keys with "__" for dots."""
    config = {"task": "toy", "data": dict(SAVED["data"]), "training": {**SAVED["training"]}}
    config["training"]["optimizer"] = dict(SAVED["training"]["optimizer"])
    for key, value in values.items():
        *parts, last = key.split("__")
        part = config
        for name in parts:
            part = part[name]
        part[last] = value
    return config


def describe(config, step=50):
    spec = TrainingSpec.from_config(config["training"]).in_steps(lambda: 7)
    return describe_resume(SAVED, config, spec, step, lambda: 7)


@pytest.mark.parametrize(("before", "now"), [({"epochs": 10}, {"epochs": 20}), ({"epochs": 10}, {"total_steps": 140})])
def test_a_changed_number_of_epochs_names_the_steps(before, now):
    configs = [{"training": {"optimizer": {"learning_rate": 1e-3}, **length}} for length in (before, now)]
    spec = TrainingSpec.from_config(configs[1]["training"]).in_steps(lambda: 7)
    *changes, line = describe_resume(configs[0], configs[1], spec, 50, lambda: 7)
    assert any(change.startswith("training.epochs: 10 -> ") for change in changes)
    assert "training ends at step 140 instead of 70" in line


def test_a_changed_batch_size_in_a_run_of_epochs_names_the_steps_left():
    saved, config = ({"data": {"batch_size": size}, "training": {"epochs": 20}} for size in (8, 4))
    spec = TrainingSpec.from_config(config["training"]).in_steps(lambda: 7)
    line = describe_resume(saved, config, spec, 50, lambda: 7)[-1]
    assert line == "training.epochs are converted to steps of the new batch size: 90 steps left"


def test_equal_configs_differ_in_nothing():
    as_json = {**SAVED, "data": {**SAVED["data"], "corpora": ["a", "b"]}}
    assert config_changes(SAVED, as_json) == [] and describe(changed()) == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"data__corpora": ("a",)}, 'data.corpora: ["a", "b"] -> ["a"]'),
        ({"training__seed": 1}, "training.seed: 0 -> 1"),
        ({"data__synthetic": {"users": 3}}, 'data.synthetic: null -> {"users": 3}'),
        ({"data__threads": 2}, "data.threads: not set -> 2"),
    ],
)
def test_changed_keys_are_listed(values, expected):
    assert describe(changed(**values)) == [expected]


def test_a_removed_key_is_listed():
    config = changed()
    del config["data"]["corpora"]
    assert describe(config) == ['data.corpora: ["a", "b"] -> not set']


def test_many_changes_are_counted():
    lines = describe({**changed(), "model": {}, **{f"key{number}": number for number in range(30)}})
    assert len(lines) == 21 and lines[-1] == "... and 11 more"


def test_a_changed_schedule_names_the_rates():
    rate = training.schedule.build
    config = changed(training__total_steps=200, training__optimizer__learning_rate=2e-3)
    specs = [TrainingSpec.from_config(each["training"]) for each in (config, SAVED)]
    new, old = (f"{float(rate(spec)(50)):.4g}" for spec in specs)
    assert new != old
    line = describe(config)[-1]
    assert f"learning rate of the next step: {new} instead of {old}" in line
    assert "training ends at step 200 instead of 100" in line


def test_a_rate_that_looks_the_same_is_shown_once():
    line = describe(
        changed(training__optimizer__learning_rate=SAVED["training"]["optimizer"]["learning_rate"] * (1 + 1e-9))
    )[-1]
    assert ", as before; the schedule" in line and "instead" not in line.partition(";")[0]


@pytest.mark.parametrize(("batch", "samples", "steps"), [(8, 400, 75), (3, 150, 117), (2, 100, 150)])
def test_a_changed_batch_size_names_what_is_left(batch, samples, steps):
    first, data, left = describe(changed(data__batch_size=batch))
    assert first == f"data.batch_size: 4 -> {batch}" and "none is skipped or repeated" in data
    assert f"50 steps left, with {samples} samples instead of 200;" in left
    assert left.endswith(f"set training.total_steps={steps}")


def test_a_resumed_run_prints_the_changes(tmp_path, capfd):
    for steps in (1, 2):
        capfd.readouterr()
        config = {"training": {"total_steps": steps, "seed": 0}}
        training.run(toy_task.ToyTask(), TrainingSpec(total_steps=steps), tmp_path, config=config)
    lines = re.findall(r"step 1/2  (\w+): (.*)", capfd.readouterr().err)
    assert lines[0][0] == "start"
    changes = [text for name, text in lines if name == "config"]
    assert changes[0] == "training.total_steps: 1 -> 2" and changes[1].startswith("learning rate of the next step: ")
