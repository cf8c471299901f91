"""The table of families: unknown names, and what an import pulls in."""

import json
import subprocess
import sys

import pytest

from tests.support import tiny_config
from timesuite_jax.config_spec import as_json
from timesuite_jax.errors import UserError
from timesuite_jax.registry import build
from timesuite_jax.registry.families import FAMILIES, import_path, task_class
from timesuite_jax.registry.ports import PORTS


@pytest.mark.parametrize(
    ("name", "hint"),
    [("videochat", "did you mean 'videochat_t'"), ("x", "known tasks are"), (None, "None")],
)
def test_an_unknown_task_is_rejected_with_a_hint(name, hint):
    with pytest.raises(UserError, match=hint):
        build({"task": name})


def test_the_table_names_tasks_and_port_tables_of_that_name():
    for name, family in FAMILIES.items():
        assert import_path(family.task).name == PORTS[name].name == name


def test_a_config_is_unchanged_by_saving(tiny_corpus):
    config = tiny_config.get_config(str(tiny_corpus))
    again = build(json.loads(json.dumps(config.to_dict())))
    assert again.config == build(config).config


def test_the_model_of_a_config_is_unchanged_by_expanding(tiny_corpus):
    config = tiny_config.get_config(str(tiny_corpus)).to_dict()
    expanded = task_class(config).model_config(config)
    assert expanded["mistral"]["rope_theta"] == 1e6 and expanded["vision"]["kind"] == "umt"  # not in the tiny config
    again = build({**config, "model": json.loads(json.dumps(expanded))})
    assert as_json(again.config.model) == as_json(build(config).config.model)


def test_the_model_of_a_recommender_is_unchanged_by_expanding():
    data = {"synthetic": {"num_users": 20, "num_items": 30}}
    config = {"task": "mqsa_ted", "data": data, "model": {"width": 8, "heads": 2}}
    expanded = json.loads(json.dumps(task_class(config).model_config(config)))
    assert expanded["window"] == 3 and "items" not in expanded  # the data determine the number of items
    assert build({**config, "model": expanded}).model.spec == build(config).model.spec


def test_port_tables_are_imported_without_tasks():
    code = (
        "import sys; import timesuite_jax.cli.port; from timesuite_jax.registry.ports import PORTS\n"
        "assert list(PORTS) and not any(name.endswith('.task') for name in sys.modules if 'timesuite_jax' in name)\n"
        "assert 'timesuite_jax.mqsa_ted' not in sys.modules and PORTS['mqsa_ted'].name == 'mqsa_ted'"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
