"""The recommenders' configs: ablations change what they declare and nothing else."""

import pytest

from tests.support.paths import CONFIGS
from timesuite_jax.cli._configs import load_config
from timesuite_jax.errors import UserError
from timesuite_jax.mqsa_ted.config import MqsaTedConfig
from timesuite_jax.training import TrainingSpec

FOLDER = CONFIGS / "mqsa_ted"


@pytest.mark.parametrize(
    ("variant", "changed"),
    [("short", {"model.alpha": 1.0}), ("long", {"model.alpha": 0.0}), ("no_ted", {"loss.distillation": 0.0}),
     ("short,no_ted", {"model.alpha": 1.0, "loss.distillation": 0.0})],
)  # fmt: skip
@pytest.mark.parametrize("name", ["beauty", "yelp"])
def test_ablations(name, variant, changed):
    whole, ablated = (load_config(f"{FOLDER}/{name}.py{form}").to_dict() for form in ("", f":{variant}"))
    for key, value in changed.items():
        part, field = key.split(".")
        assert whole[part][field] != value
        whole[part][field] = value
    assert ablated == whole


@pytest.mark.parametrize("path", sorted(FOLDER.glob("[!_]*.py")), ids=lambda path: path.stem)
def test_specs_are_built(path):
    for form in ("", ":debug"):
        config = load_config(f"{path}{form}", ["--config.training.optimizer.clip_norm=2"])
        assert TrainingSpec.from_config(config.training).optimizer.clip_norm == 2.0
        MqsaTedConfig.from_config(config)
    spec = TrainingSpec.from_config(load_config(str(path)).training)
    assert spec.optimizer.clip_norm is None and spec.best == "validation/ndcg_20"


def test_sizes_of_synthetic_data_can_be_overridden():
    words = [f"--config.data.synthetic.{name}={number}" for name, number in (("num_users", 30), ("num_items", 7))]
    data = MqsaTedConfig.from_config(load_config(f"{FOLDER}/five_million.py", words)).data.read()
    assert (data.num_users, data.num_items) == (30, 7)


def test_debug_combines_with_other_variants():
    small, others = (load_config(f"{FOLDER}/five_million.py:{words}") for words in ("debug", "debug,short"))
    assert small.data == others.data and small.training == others.training and others.model.alpha == 1.0


def test_two_data_sets_are_rejected():
    with pytest.raises(UserError, match="toys and beauty are 2 data sets, but a run has one; give one"):
        load_config(f"{FOLDER}/sasrec.py:toys,all_items,beauty")


def test_an_unknown_variant_is_rejected():
    with pytest.raises(
        UserError,
        match="variant 'shrot' is unknown; did you mean 'short'\\? known variants are short, long, no_ted, debug",
    ):
        load_config(f"{FOLDER}/beauty.py:shrot")
