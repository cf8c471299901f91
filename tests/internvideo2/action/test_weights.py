"""Weights of other classifiers: rows of their head, and positions of other frames."""

import dataclasses
import functools
import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from safetensors.numpy import save_file

from timesuite_jax import param_tree
from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.action.model import ActionModel
from timesuite_jax.internvideo2.action.port import PORT
from timesuite_jax.internvideo2.action.spec import ActionSpec
from timesuite_jax.internvideo2.action.weights import ActionWeightsSpec
from timesuite_jax.layers import unbox
from timesuite_jax.models.vision import InternVideo2Spec
from timesuite_jax.port.resized_positions import resize_positions

VISION = InternVideo2Spec.from_variant("debug")


def shapes(classes: int, vision: InternVideo2Spec = VISION) -> dict[str, Any]:
    """Shapes of a classifier's parameters."""
    model = ActionModel(ActionSpec(vision=vision, num_classes=classes))
    frames = jax.ShapeDtypeStruct((1, vision.num_frames, vision.image_size, vision.image_size, 3), jnp.float32)
    return jax.eval_shape(lambda frames: unbox(model.init(jax.random.key(0), frames)["params"]), frames)


def write(path: Path, classes: int) -> dict[str, np.ndarray]:
    """Writes random weights of a classifier; returns them by upstream's names."""
    rng = np.random.default_rng(classes)
    params = jax.tree.map(lambda leaf: rng.normal(size=leaf.shape).astype(np.float32), shapes(classes))
    table = PORT.table_for_tree({"/".join(at): leaf.shape for at, leaf in param_tree.leaves_with_paths(params)})
    state = table.to_torch(params)
    save_file(state, path)
    return state


@pytest.fixture(scope="module")
def k710(tmp_path_factory) -> tuple[Path, dict[str, np.ndarray]]:
    path = tmp_path_factory.mktemp("weights") / "k710.safetensors"
    return path, write(path, 710)


def load(path: Path, classes: int, vision: InternVideo2Spec = VISION, **fields: Any) -> dict[str, Any]:
    return load_spec(ActionWeightsSpec(files=(str(path),), **fields), classes, vision)


def load_spec(weights: ActionWeightsSpec, classes: int, vision: InternVideo2Spec) -> dict[str, Any]:
    changes = functools.partial(weights.tensor_changes, ActionSpec(vision=vision, num_classes=classes))
    return weights.load_changed(PORT, shapes(classes, vision), changes)


def test_kinetics_400_are_the_first_rows(k710):
    path, state = k710
    head = load(path, 400)["head"]
    np.testing.assert_array_equal(head["kernel"], state["head.weight"][:400].T)
    np.testing.assert_array_equal(head["bias"], state["head.bias"][:400])
    np.testing.assert_array_equal(load(path, 710)["head"]["bias"], state["head.bias"])


def test_other_sets_need_the_list_of_rows(k710, tmp_path):
    path, state = k710
    with pytest.raises(UserError, match=r"has 600; give the list of rows as weights.head_rows=label_mixto600"):
        load(path, 600)
    rows = np.random.default_rng(0).permutation(710)[:600].tolist()
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    head = load(path, 600, head_rows=str(tmp_path / "rows.json"))["head"]
    np.testing.assert_array_equal(head["kernel"], state["head.weight"][rows].T)
    np.testing.assert_array_equal(head["bias"], state["head.bias"][rows])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1, 2]", "has 2 rows from 1 to 2, but the model has 3 classes and the head of .* 710"),
        ("[1, 2, 710]", "has 3 rows from 1 to 710"),
        ("{}", "is not a list of whole numbers"),
        ("[1, true, 2]", "is not a list of whole numbers"),
        ("nothing", "cannot be read"),
    ],
)
def test_a_list_that_does_not_fit_is_an_error(k710, tmp_path, text, message):
    (tmp_path / "rows.json").write_text(text)
    with pytest.raises(UserError, match=message):
        load(k710[0], 3, head_rows=str(tmp_path / "rows.json"))


def test_rows_without_a_head_to_choose_them_of_are_an_error(k710, tmp_path):
    for files in ((), (f"encoder={k710[0]}",)):
        with pytest.raises(UserError, match=r"head_rows=rows\.json has no effect"):
            ActionWeightsSpec(files=files, head_rows="rows.json")
    rows = str(tmp_path / "rows.json")
    assert ActionWeightsSpec(files=(str(k710[0]),), head_rows=rows).missing() == [rows]


def test_a_classifier_of_other_classes_keeps_all_but_its_head(k710):
    path, state = k710
    spec = ActionWeightsSpec(files=(f"classifier={path}",), expect_missing=("head.*",))
    params = load_spec(spec, 5, VISION)
    np.testing.assert_array_equal(params["fc_norm"]["scale"], state["fc_norm.weight"])
    np.testing.assert_array_equal(params["vision"]["positions"]["table"], state["pos_embed"])
    assert "head" not in params
    spec = ActionWeightsSpec(files=(f"encoder={path}",), expect_missing=("head.*", "fc_norm.*"))
    assert set(load_spec(spec, 5, VISION)) == {"vision"}


def test_positions_of_other_frames_are_interpolated_on_request(k710):
    path, state = k710
    vision = dataclasses.replace(VISION, num_frames=8, image_size=42)
    with pytest.raises(UserError, match=r"\[1, 17, 32\], wanted \[1, 73, 32\] .* set weights.position_frames"):
        load(path, 710, vision)
    table = load(path, 710, vision, position_frames=4)["vision"]["positions"]["table"]
    expected = resize_positions(state["pos_embed"], old_frames=4, frames=8, grid=3)
    np.testing.assert_array_equal(table, expected)
    np.testing.assert_array_equal(table[0, 0], state["pos_embed"][0, 0])
    with pytest.raises(UserError, match="of 16 patches are not those of 8 square frames"):
        load(path, 710, vision, position_frames=8)


@pytest.mark.parametrize("frames", [8, 16])
def test_positions_that_another_file_overrides_need_not_fit(frames, k710, tmp_path):
    """Stage 1 has 8 frames and stage 2, which overrides it, 4."""
    state = dict(k710[1])
    encoder = {name: array for name, array in state.items() if name.partition(".")[0] not in ("head", "fc_norm")}
    save_file(encoder, tmp_path / "two.safetensors")
    state["pos_embed"] = np.zeros((1, 33, 32), np.float32)
    save_file(state, tmp_path / "one.safetensors")
    spec = ActionWeightsSpec(
        files=(f"encoder={tmp_path / 'one.safetensors'}", f"stage2={tmp_path / 'two.safetensors'}"),
        expect_missing=("head.*", "fc_norm.*"), position_frames=4,
    )  # fmt: skip
    vision = dataclasses.replace(VISION, num_frames=frames)
    table = load_spec(spec, 5, vision)["vision"]["positions"]["table"]
    assert np.all(np.abs(table[0, 1:]).sum(axis=-1) > 0)
