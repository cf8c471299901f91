"""Files of students and teachers: names of all releases, what is left out, and byte-identical exports."""

import functools

import jax
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from timesuite_jax import param_tree
from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.distill.port import PORT as DISTILL
from timesuite_jax.internvideo2.model import boxed_params, model_spec
from timesuite_jax.internvideo2.reconstruction.port import ReconstructionSizes, build
from timesuite_jax.internvideo2.stage1.port import PORT
from timesuite_jax.layers import unbox
from timesuite_jax.port import load, open_layers
from timesuite_jax.port.loader import load_into

MODEL = {
    "student": {"variant": "debug", "return_layers": (-2, -1)},
    "teacher": {"variant": "debug", "num_frames": 1, "width": 48, "return_layers": (-2, -1)},
    "mae_teacher": {"variant": "debug"},
    "mae_return_layers": (-2, -1),
}


def targets(model: dict) -> dict:
    """Shapes of all parameters."""
    return unbox(jax.eval_shape(functools.partial(boxed_params, model_spec(model)), jax.random.key(0)))


@pytest.fixture(scope="module")
def state() -> dict[str, np.ndarray]:
    """A state dict with random values, by the names of the table."""
    rng = np.random.default_rng(0)
    tree = jax.tree.map(lambda leaf: rng.normal(size=leaf.shape).astype(np.float32), targets(MODEL))
    shapes = {"/".join(path): leaf.shape for path, leaf in param_tree.leaves_with_paths(tree)}
    return build(ReconstructionSizes.from_tree(shapes), "test").to_torch(tree)


def part(state: dict[str, np.ndarray], prefix: str, wrapper: str) -> dict[str, np.ndarray]:
    """A file of one part, behind the prefix of a wrapper; the student is what no teacher is."""
    if prefix:
        return {f"{wrapper}{key.removeprefix(prefix)}": value for key, value in state.items() if key.startswith(prefix)}
    own = {key: value for key, value in state.items() if not key.startswith(("teacher.", "mae_teacher."))}
    return {f"{wrapper}{key}": value for key, value in own.items()}


def files(state: dict[str, np.ndarray], folder, wrappers: tuple[str, str, str], extra: dict | None = None) -> list[str]:
    """Writes a file for each role."""
    roles = (("teacher", "teacher."), ("mae_teacher", "mae_teacher."), ("checkpoint", ""))
    found = []
    for (role, prefix), wrapper in zip(roles, wrappers, strict=True):
        tensors = {**part(state, prefix, wrapper), **((extra or {}).get(role, {}))}
        save_file(tensors, folder / f"{role}.safetensors")
        found.append(f"{role}={folder / role}.safetensors")
    return found


WRAPPERS = [("", "encoder.", ""), ("vision_encoder.", "module.encoder.", "module."), ("backbone.", "", "encoder.")]


@pytest.mark.parametrize("wrappers", WRAPPERS)
def test_three_files_are_one_model_and_export_to_the_same_bytes(state, tmp_path, wrappers):
    layers = open_layers(PORT, files(state, tmp_path, wrappers))
    params = load(PORT, layers).params
    shapes = {"/".join(path): leaf.shape for path, leaf in param_tree.leaves_with_paths(params)}
    again = PORT.table_for_tree(shapes).to_torch(params)
    assert list(again) == list(state)
    assert all(again[key].tobytes() == state[key].tobytes() for key in state)


def test_other_parts_of_the_teachers_files_are_ignored_with_a_reason(state, tmp_path):
    extra = {
        "teacher": {"text_encoder.bert.weight": np.ones(2, np.float32), "img_pos_embed": np.ones(3, np.float32)},
        "mae_teacher": {"decoder.blocks.0.norm1.weight": np.ones(2, np.float32), "mask_token": np.ones(1, np.float32)},
    }
    loaded = load(PORT, open_layers(PORT, files(state, tmp_path, ("", "encoder.", ""), extra)))
    ignored = {key: why for layer in loaded.report.layers for key, why in layer.ignored.items()}
    assert ignored == {
        "teacher.text_encoder.bert.weight": "the text encoder",
        "teacher.img_pos_embed": "positions of images",
        "mae_teacher.decoder.blocks.0.norm1.weight": "not part of the encoder",
        "mae_teacher.mask_token": "not part of the encoder",
    }


def test_layer_scales_as_stage_3_names_them(state, tmp_path):
    plain = {key.replace(".gamma", ""): value for key, value in state.items()}
    params = load(PORT, open_layers(PORT, files(plain, tmp_path, ("", "", "")))).params
    np.testing.assert_array_equal(params["teacher"]["blocks"]["ls1"]["gamma"][0], state["teacher.blocks.0.ls1.gamma"])


def test_a_file_of_the_student_alone(state, tmp_path):
    save_file(part(state, "", ""), tmp_path / "student.safetensors")
    params = load(PORT, open_layers(PORT, [f"checkpoint={tmp_path}/student.safetensors"])).params
    assert set(params) == {"student"}
    assert load_file(tmp_path / "student.safetensors").keys() == part(state, "", "").keys()


def test_a_new_student_is_left_to_initialisation(state, tmp_path):
    layers = open_layers(PORT, files(state, tmp_path, ("", "", ""))[:2])
    loaded = load_into(PORT, targets(MODEL), layers, expect_missing=("student/*",))
    assert set(loaded.params) == {"teacher", "mae_teacher"}


@pytest.mark.parametrize("port", [PORT, DISTILL])
def test_a_teacher_of_the_wrong_width_is_one_sentence(state, tmp_path, port):
    model = {**MODEL, "teacher": {**MODEL["teacher"], "width": 64}}
    if port is DISTILL:
        model = {**model, "mae_teacher": None, "mae_return_layers": ()}
    layers = open_layers(port, files(state, tmp_path, ("", "", ""))[:1])
    with pytest.raises(UserError, match=r"a teacher of another width; set model\.teacher") as raised:
        load_into(port, targets(model), layers, expect_missing=("student/*", "mae_teacher/*")[: 1 + (port is PORT)])
    assert "teacher.blocks.0.norm1.weight" in str(raised.value)
