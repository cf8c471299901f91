"""Weights of other frames or resolutions, on request, and patch embeddings of images."""

import functools
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from safetensors.numpy import save_file

from timesuite_jax import param_tree
from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.distill.port import PORT
from timesuite_jax.internvideo2.model import boxed_params, model_spec
from timesuite_jax.internvideo2.reconstruction.weights import ReconstructionWeightsSpec
from timesuite_jax.layers import unbox
from timesuite_jax.port.resized_positions import resize_positions

LAYERS = {"return_layers": (-1,)}


def model(frames: int, teacher_frames: int, size: int = 28, **student: Any) -> Any:
    """A small student and a teacher of it."""
    sizes = {"variant": "debug", "depth": 1, "image_size": size, **LAYERS}
    return model_spec(
        {
            "student": {**sizes, "num_frames": frames, **student},
            "teacher": {**sizes, "num_frames": teacher_frames},
        }
    )


def shapes(spec: Any) -> Any:
    return unbox(jax.eval_shape(lambda: boxed_params(spec, jax.random.key(0))))


def written(spec: Any, folder: Path, **changed: np.ndarray) -> tuple[list[str], dict[str, np.ndarray]]:
    """Files of a student and a teacher with random values, some tensors replaced."""
    rng = np.random.default_rng(0)
    tree = jax.tree.map(lambda leaf: rng.normal(size=leaf.shape).astype(np.float32), shapes(spec))
    paths = {"/".join(path): leaf.shape for path, leaf in param_tree.leaves_with_paths(tree)}
    state = {**PORT.table_for_tree(paths).to_torch(tree), **changed}
    teacher = {key.removeprefix("teacher."): value for key, value in state.items() if key.startswith("teacher.")}
    save_file(teacher, folder / "teacher.safetensors")
    own = {key: value for key, value in state.items() if not key.startswith("teacher.")}
    save_file(own, folder / "student.safetensors")
    return [f"teacher={folder}/teacher.safetensors", f"checkpoint={folder}/student.safetensors"], state


def load(files: list[str], spec: Any, **options: Any) -> Any:
    weights = ReconstructionWeightsSpec(tuple(files), **options)
    return weights.load_changed(PORT, shapes(spec), functools.partial(weights.tensor_changes, spec))


def test_joint_tables_are_interpolated_with_the_frames_that_are_named(tmp_path):
    files, state = written(model(2, 2), tmp_path)
    wanted = model(4, 4, size=42)
    with pytest.raises(UserError, match=r"(?s)set weights\.teacher_position_frames .*set weights\.position_frames \("):
        load(files, wanted)
    for wrong in ("position_frames", "teacher_position_frames"):
        with pytest.raises(UserError, match=f"are not those of 3 square frames; set weights.{wrong} "):
            load(files, wanted, **{"position_frames": 2, "teacher_position_frames": 2, wrong: 3})
    params = load(files, wanted, position_frames=2, teacher_position_frames=2)
    for name, found in (
        ("teacher.pos_embed", params["teacher"]["positions"]["table"]),
        ("pos_embed", params["student"]["encoder"]["positions"]["table"]),
        ("clip_pos_embed", params["student"]["clip_positions"]["table"]),
    ):
        expected = resize_positions(state[name], old_frames=2, frames=4, grid=3)
        np.testing.assert_array_equal(found, expected, err_msg=name)


def test_separate_tables_have_the_frames_of_their_shapes(tmp_path):
    files, state = written(model(2, 2, positions="separate"), tmp_path)
    params = load(files, model(4, 4, size=42, positions="separate"), position_frames=2, teacher_position_frames=2)
    tables = params["student"]["clip_positions"]
    time = resize_positions(state["clip_pos_embed_temporal"], old_frames=2, frames=4, grid=1, class_token=False)
    space = resize_positions(state["clip_pos_embed_spatial"], old_frames=1, frames=1, grid=3, class_token=False)
    np.testing.assert_array_equal(tables["temporal"], time)
    np.testing.assert_array_equal(tables["spatial"], space)
    np.testing.assert_array_equal(tables["cls"], state["clip_pos_embed_cls"])


def test_an_image_teacher_of_another_resolution_keeps_its_one_frame(tmp_path):
    files, state = written(model(2, 1), tmp_path)
    params = load(files, model(2, 1, size=42), position_frames=2, teacher_position_frames=1)
    expected = resize_positions(state["teacher.pos_embed"], old_frames=1, frames=1, grid=3)
    np.testing.assert_array_equal(params["teacher"]["positions"]["table"], expected)


@pytest.mark.parametrize(("frames", "size"), [(1, 56), (1, 28), (16, 14)])
def test_tables_of_more_frames_are_not_taken_for_larger_images(frames, size, tmp_path):
    """Four frames of 2 x 2 patches are as many positions as one image of 4 x 4, or 16 frames of one patch."""
    files, state = written(model(4, 4), tmp_path)
    params = load(files, model(frames, frames, size=size), position_frames=4, teacher_position_frames=4)
    expected = resize_positions(state["teacher.pos_embed"], old_frames=4, frames=frames, grid=size // 14)
    np.testing.assert_array_equal(params["teacher"]["positions"]["table"], expected)


def test_a_kernel_of_images_is_read(tmp_path):
    spec = model(2, 1)
    files, state = written(spec, tmp_path)
    kernel = state["teacher.patch_embed.proj.weight"]
    expected = load(files, spec)
    files, _ = written(spec, tmp_path, **{"teacher.patch_embed.proj.weight": np.ascontiguousarray(kernel[:, :, 0])})
    found = load(files, spec)
    jax.tree.map(np.testing.assert_array_equal, found, expected)
