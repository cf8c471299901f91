"""Loads config files with overrides; errors name the file or the key."""

import re
from pathlib import Path

import pytest

from tests.support.paths import CONFIGS
from timesuite_jax.cli._configs import load_config
from timesuite_jax.config_file import write_config
from timesuite_jax.errors import UserError
from timesuite_jax.training import TrainingSpec

CONFIG = """
from ml_collections import ConfigDict

def get_config(arg=None):
    return ConfigDict({"model": {"width": 4, "names": ("a",)}, "rate": 1e-3, "arg": arg or ""})
"""


@pytest.fixture
def config_file(tmp_path: Path) -> str:
    path = tmp_path / "small.py"
    path.write_text(CONFIG)
    return str(path)


def test_argument_and_overrides(config_file: str):
    words = ["--config.model.width=8", "--config.rate=1", "--config.model.names=('b','c')"]
    config = load_config(f"{config_file}:debug", words)
    assert (config.arg, config.model.width, config.rate, config.model.names) == ("debug", 8, 1.0, ("b", "c"))


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("--config.model.widht=8", "config.model has no 'widht'; did you mean 'width'?"),
        ("--config.modle.width=8", "config has no 'modle'; did you mean 'model'?"),
        ("--config.model.width=abc", "'abc'; give a value of the type that the config has"),
        ("--config.mesh.tensor=2", "config has no 'mesh'; it has arg, model, rate; add it to the file or correct"),
        ("--config.rate.low=2", "config.rate has no keys, its value is 0.001; correct the name"),
        ("--config.model.width", "--config.model.width: "),
    ],
)
def test_invalid_overrides_are_rejected(config_file: str, word: str, expected: str):
    with pytest.raises(UserError, match=re.escape(expected)) as caught:
        load_config(config_file, ["--config.arg=x", word])
    message = str(caught.value)
    assert message.startswith(f"cannot apply {word}: ") and "\n" not in message


def test_a_config_imports_others_of_its_folder(tmp_path: Path):
    for folder, width in (("a", 4), ("b", 8)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "base.py").write_text(CONFIG.replace("4", str(width)))
        changed = "from base import get_config as base\n\ndef get_config(arg=None):\n    return base('child')\n"
        (tmp_path / folder / "child.py").write_text(changed)
    for folder, width in (("a", 4), ("b", 8)):
        config = load_config(str(tmp_path / folder / "child.py"))
        assert (config.arg, config.model.width) == ("child", width)


def test_a_path_may_contain_colons(tmp_path: Path):
    path = tmp_path / "12:30.py"
    path.write_text(CONFIG)
    assert load_config(str(path)).arg == "" and load_config(f"{path}:debug").arg == "debug"
    assert load_config(f"{path}:gs://bucket/x").arg == "gs://bucket/x"


@pytest.mark.parametrize("name", ["timesuite/linear_p.py:debug", "timesuite/finetune.py", "mqsa_ted/toys.py"])
def test_shipped_configs_are_found_and_forked_from_every_folder(name: str, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    expected = load_config(f"configs/{name}")
    file, _, arg = name.partition(":")
    (tmp_path / "mine.py").write_text((CONFIGS / file).read_text())
    assert load_config("mine.py" + (f":{arg}" if arg else "")).to_dict() == expected.to_dict()


def test_a_missing_module_of_this_package_is_named(tmp_path: Path):
    (tmp_path / "old.py").write_text("from linear_p import get_config\n")
    with pytest.raises(UserError, match=r"import timesuite_jax\.configs\.timesuite\.linear_p instead"):
        load_config(str(tmp_path / "old.py"))


SHIPPED = sorted(path for path in CONFIGS.rglob("*.py") if "def get_config" in path.read_text())


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_an_unknown_variant_lists_the_known_ones(path: Path):
    with pytest.raises(
        UserError, match=r"variant 'debgu' is unknown; did you mean 'debug'\? known variants are .*debug"
    ):
        load_config(f"{path}:debgu")


def test_an_ignored_argument_lists_the_variants(tmp_path: Path):
    ignoring = CONFIG.replace('"arg": arg or ""', '"arg": ""')
    for variants, expected in (("", "it has no such variant"), ("VARIANTS = ('a', 'b')\n", "known variants are a, b")):
        (tmp_path / "deaf.py").write_text(variants + ignoring)
        with pytest.raises(UserError, match=f"ignores the argument 'c'; {expected}"):
            load_config(f"{tmp_path}/deaf.py:c")


def test_missing_and_invalid_files_are_rejected(tmp_path: Path):
    with pytest.raises(UserError, match=r"does not exist.*configs/timesuite/linear_p\.py"):
        load_config(str(tmp_path / "absent.py"))
    other = tmp_path / "other.py"
    other.write_text("x = 1\n")
    with pytest.raises(UserError, match="get_config"):
        load_config(str(other))
    text = tmp_path / "config.yaml"
    text.write_text("x: 1\n")
    with pytest.raises(UserError, match=r"\.py file"):
        load_config(str(text))


def test_a_json_config_takes_overrides(tmp_path: Path):
    write_config(tmp_path / "config.json", {"task": "t", "weights": {"files": ("./x",)}, "rate": 0.5})
    path = str(tmp_path / "config.json")
    assert load_config(path).weights.files == (f"{tmp_path}/x",)
    words = ["--config.weights.files=('a','b')", "--config.rate=1"]
    config = load_config(path, words)
    assert (config.weights.files, config.rate) == (("a", "b"), 1.0)


@pytest.mark.parametrize(
    ("text", "value"), [("3", 3), ("x/y.npz", "x/y.npz"), ("('a',)", ("a",)), ("1e-3", 1e-3), ("None", None)]
)
def test_a_key_without_a_type_takes_any_value(text: str, value: object, tmp_path: Path):
    write_config(tmp_path / "config.json", {"task": "t", "part": {"none": None}})
    assert load_config(str(tmp_path / "config.json"), [f"--config.part.none={text}"]).part.none == value


@pytest.mark.parametrize(
    ("words", "length"),
    [
        (["--config.training.total_steps=7"], (7, 0.0)),
        (["--config.training.total_steps=7", "--config.training.epochs=0"], (7, 0.0)),
        (["--config.training.epochs=0", "--config.training.total_steps=7"], (7, 0.0)),
        (["--config.training.epochs=3"], (0, 3.0)),
        (["--config.training.total_steps=0"], (0, 200.0)),
        (["--config.training.total_steps=1e3"], (1000, 0.0)),
        (["--config.training.total_steps=1_000.0"], (1000, 0.0)),
        (["--config.training.seed=1"], (0, 200.0)),
        (["--config.training.total_steps=7", "--config.training.epochs=3"], (7, 3.0)),  # training rejects both
    ],
)
def test_an_overridden_length_of_training_replaces_the_other_unit(words: list[str], length: tuple[int, float]):
    training = load_config("configs/mqsa_ted/beauty.py", words).training
    assert (training.total_steps, training.epochs) == length


def test_overridden_epochs_replace_the_steps_of_a_config():
    training = load_config("configs/timesuite/finetune.py", ["--config.training.epochs=2"]).training
    assert (training.total_steps, training.epochs) == (0, 2.0)


def test_a_length_in_whole_epochs_is_replaced(tmp_path: Path):
    write_config(tmp_path / "config.json", {"task": "t", "training": {"epochs": 20, "total_steps": 0}})
    training = load_config(str(tmp_path / "config.json"), ["--config.training.total_steps=7"]).training
    assert training.to_dict() == {"epochs": 0, "total_steps": 7}


@pytest.mark.parametrize("name", ["mqsa_ted/beauty.py", "timesuite/linear_p.py"])
def test_a_key_can_be_set_to_none(name: str):
    config = load_config(f"configs/{name}", ["--config.training.optimizer.clip_norm=None"])
    assert TrainingSpec.from_config(config.training).optimizer.clip_norm is None


def test_none_is_rejected_where_a_key_has_no_such_value():
    config = load_config("configs/mqsa_ted/beauty.py", ["--config.training.seed=None"])
    with pytest.raises(UserError, match=r"training\.seed=None is not of type int"):
        TrainingSpec.from_config(config.training)
