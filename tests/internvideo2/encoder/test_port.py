"""The encoder out of every kind of file that has one, byte for byte, and what does not fit."""

import jax
import numpy as np
import pytest
from etils import epath
from safetensors.numpy import save_file

from timesuite_jax import param_tree
from timesuite_jax.configs.internvideo2.encoder import get_config
from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.encoder.port import PORT
from timesuite_jax.internvideo2.encoder.task import EncoderTask
from timesuite_jax.port import WeightsSpec
from timesuite_jax.port.resized_positions import resize_positions
from timesuite_jax.registry.port_choice import choose_port


def make_task(**model):
    config = get_config("debug")
    config.model.update(model)
    return EncoderTask.from_config(config)


def state_dict(task):
    params = jax.device_get(jax.jit(task.init)(jax.random.key(0)))
    shapes = {"/".join(path): leaf.shape for path, leaf in param_tree.leaves_with_paths(params)}
    return params, PORT.table_for_tree(shapes).to_torch(params)


def load(task, path):
    targets = jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), jax.eval_shape(task.init, jax.random.key(0))
    )
    return WeightsSpec((str(path),)).load(PORT, targets)


@pytest.fixture(scope="module")
def exported():
    return state_dict(make_task())


@pytest.mark.parametrize("prefix", ["", "module.", "backbone.", "encoder.", "vision_encoder.", "model.vision_encoder."])
def test_prefixes_of_released_files(exported, tmp_path, prefix):
    params, tensors = exported
    others = {
        "clip_decoder.0.head.weight": np.ones((2, 2), np.float32),
        "clip_pos_embed": np.ones((1, 2, 2), np.float32),
    }
    save_file({prefix + name: tensor for name, tensor in {**tensors, **others}.items()}, tmp_path / "x.safetensors")
    found = load(make_task(), tmp_path / "x.safetensors")
    jax.tree.map(np.testing.assert_array_equal, found, params)


def test_the_teacher_in_a_file_of_stage_2_is_left_out(exported, tmp_path):
    """It has keys of the same names, and more of them; the audiovisual model has further projections."""
    params, tensors = exported
    files = {f"vision_encoder.{name}": tensor for name, tensor in tensors.items()}
    for block in range(9):
        files |= {f"clip_teacher.blocks.{block}.{part}": np.zeros(3, np.float32) for part in "abcdefghijkl"}
    files["av_fusion.weight"] = np.ones((2, 2), np.float32)
    save_file(files, tmp_path / "x.safetensors")
    jax.tree.map(np.testing.assert_array_equal, load(make_task(), tmp_path / "x.safetensors"), params)


@pytest.mark.parametrize(
    "model", [{"positions": "separate"}, {"image_positions": "own"}, {"depth": 1}, {"patch_size": 7}], ids=str
)
def test_round_trip_of_variants(tmp_path, model):
    task = make_task(**model)
    params, tensors = state_dict(task)
    save_file(tensors, tmp_path / "x.safetensors")
    found = load(task, tmp_path / "x.safetensors")
    jax.tree.map(np.testing.assert_array_equal, found, params)
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    again = PORT.table_for_torch(shapes).to_torch(found)
    assert list(again) == list(tensors)
    for name, tensor in tensors.items():
        assert again[name].tobytes() == tensor.tobytes()


def test_coverage_is_logged(exported, tmp_path, caplog):
    others = {"text_encoder.a": np.ones(2, np.float32), "text_encoder.b": np.ones(2, np.float32)}
    lacking = {name: tensor for name, tensor in exported[1].items() if not name.startswith("clip_projector")}
    save_file({**lacking, **others}, tmp_path / "x.safetensors")
    task, caplog_level = make_task(), caplog.at_level("INFO", "timesuite_jax.port.loader")
    with caplog_level:
        WeightsSpec((str(tmp_path / "x.safetensors"),), expect_missing=("clip_projector.*",)).load(
            PORT, jax.eval_shape(task.init, jax.random.key(0))
        )
    left = len(exported[1]) - len(lacking)
    expected = f"{len(lacking)} tensors loaded, {left} left fresh, 2 unused (2: the text encoder)"
    assert expected in caplog.text and left > 0


def test_layer_scales_of_stage_3(exported, tmp_path):
    params, tensors = exported
    renamed = {name.replace("ls1.gamma", "ls1").replace("ls2.gamma", "ls2"): tensor for name, tensor in tensors.items()}
    assert len(set(renamed) - set(tensors)) == 2 * len(params["blocks"]["ls1"]["gamma"])
    save_file(renamed, tmp_path / "x.safetensors")
    jax.tree.map(np.testing.assert_array_equal, load(make_task(), tmp_path / "x.safetensors"), params)


def test_another_number_of_frames(exported, tmp_path):
    save_file(exported[1], tmp_path / "x.safetensors")
    with pytest.raises(UserError, match=r"another number of frames.*set weights.position_frames"):
        load(make_task(num_frames=8), tmp_path / "x.safetensors")
    config = get_config("debug")
    config.model.update(num_frames=8, image_size=42)
    config.weights.update(files=(str(tmp_path / "x.safetensors"),), position_frames=4)
    task = EncoderTask.from_config(config)
    found = task.initial_weights().load(jax.eval_shape(task.init, jax.random.key(0)))["positions"]["table"]
    old = exported[1]["pos_embed"]
    np.testing.assert_array_equal(found, resize_positions(old, old_frames=4, frames=8, grid=3))
    np.testing.assert_array_equal(found[0, 0], old[0, 0])


def test_a_named_model_is_found_in_files_of_related_ones(exported, tmp_path):
    tensors = {f"vision_encoder.{name}": tensor for name, tensor in exported[1].items()}
    save_file(tensors, tmp_path / "x.safetensors")
    assert choose_port([epath.Path(tmp_path / "x.safetensors")], "internvideo2_encoder") is PORT


def test_it_cannot_be_trained():
    with pytest.raises(UserError, match="no objective"):
        make_task().check_inputs(new=True)
