"""The goldens are complete: other tests would not notice a missing array or case."""

import json

import numpy as np
import pytest

from tests.support.golden_case import GoldenCase

ARRAYS = {"batch_users", "item_head", "logits_full", "rank_validate", "rank_test"}
PER_VARIABLE = {"var", "grad", "var_after5"}
SCORES = {"validate_logits_masked", "test_logits_masked"}


def of_variables(case: GoldenCase, *kinds: str) -> set[str]:
    return {f"{kind}/{variable['name']}" for kind in kinds for variable in case.meta["variables"]}


def test_arrays_of_a_case_are_complete_and_all_tested(case: GoldenCase):
    expected_names = ARRAYS | of_variables(case, *PER_VARIABLE)
    if case.has_parts:
        moments = {f"adam_after5/{name}" for name in case.meta["adam_vars"]}
        # Only the item embedding has a gradient of the distillation loss.
        expected_names |= SCORES | moments | of_variables(case, "grad_rec") | {"grad_kd/item_embedding/item_embedding"}
    if case.has_epochs:
        expected_names |= of_variables(case, "var_after6epochs")
        assert "pipeline_6_epochs" in case.meta
    assert set(case.arrays) == expected_names


def test_shapes_equal_the_index(case: GoldenCase):
    shapes = {variable["name"]: tuple(variable["shape"]) for variable in case.meta["variables"]}
    assert {name: value.shape for name, value in case.named("var").items()} == shapes


def test_index_lists_every_file(goldens):
    folder = goldens / "mqsa_ted"
    if not folder.is_dir():
        pytest.skip(f"no golden family at {folder}")
    named = [case["file"] for case in json.loads((folder / "index.json").read_text())["cases"]]
    assert sorted([*named, "dataset.npz"]) == sorted(path.name for path in folder.glob("*.npz"))
    with np.load(folder / "dataset.npz", allow_pickle=False) as file:
        assert len(file["epoch_order"])
