"""Every recorded state dict of a classifier survives import and export byte by byte, under all released names."""

import jax
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tests.support.golden_folder import GoldenFolder
from timesuite_jax import param_tree, port
from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.action.port import PORT


def files(golden: GoldenFolder) -> list:
    found = sorted(golden.folder.glob("weights*.safetensors"))
    assert found
    return found


def test_import_and_export_give_the_same_bytes(golden_case, tmp_path):
    for path in files(golden_case("finetune")):
        loaded = port.load(PORT, port.open_layers(PORT, [str(path)]))
        out = tmp_path / path.name
        port.export(port.TreeSource.of_params(PORT, loaded.params), out)
        before, after = load_file(path), load_file(out)
        assert set(before) == set(after)
        for name, array in before.items():
            assert array.dtype == after[name].dtype and array.tobytes() == after[name].tobytes(), name


def test_the_order_is_that_of_upstream(golden_case):
    golden = golden_case("finetune")
    path = golden.folder / "weights.safetensors"
    if not path.exists():
        pytest.skip("the weights are not in the repository")
    table = PORT.table_for_torch({name: array.shape for name, array in load_file(path).items()})
    assert table.torch_names == golden.config["param_order"]


@pytest.fixture(scope="module")
def pretrained(request, tmp_path_factory):
    """State dict, its parameters' shapes for a new head, and a folder."""
    goldens = request.config.getoption("--goldens") / "internvideo2" / "optim"
    if not goldens.is_dir():
        pytest.skip(f"no golden numbers at {goldens}")
    state = load_file(goldens / "weights.safetensors")
    params = port.load(PORT, port.open_layers(PORT, [str(goldens / "weights.safetensors")])).params
    return state, jax.eval_shape(lambda: params), tmp_path_factory.mktemp("files")


def as_stage_2(state):
    """With a text encoder, and a teacher that has the same names and more blocks."""
    files = {
        f"vision_encoder.{name}": array for name, array in state.items() if not name.startswith(("head", "fc_norm"))
    }
    files["vision_encoder.clip_pos_embed"] = state["pos_embed"]
    files["text_encoder.bert.encoder.layer.0.attention.self.query.weight"] = np.ones((2, 2), np.float32)
    files["temp"] = np.ones((), np.float32)
    for block in range(9):
        files |= {f"clip_teacher.blocks.{block}.{part}": np.zeros(3, np.float32) for part in "abcdefghijkl"}
    return files


CONTAINERS = {
    "bare": lambda state: state,
    "backbone": lambda state: {f"backbone.{name}": array for name, array in state.items()},
    "encoder": lambda state: {f"encoder.{name}": array for name, array in state.items()},
    "stage 1": lambda state: {
        **state,
        "mae_pos_embed": state["pos_embed"],
        "clip_decoder.0.head.weight": np.ones((2, 2)),
    },
    "stage 2": as_stage_2,
    "stage 3": lambda state: {
        f"vision_encoder.{name.removesuffix('.gamma')}": array
        for name, array in state.items()
        if not name.startswith(("head", "fc_norm"))
    },
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_an_encoder_is_read_from_every_container(pretrained, container):
    state, targets, folder = pretrained
    path = folder / f"{container.replace(' ', '_')}.safetensors"
    save_file({name: np.ascontiguousarray(array) for name, array in CONTAINERS[container](state).items()}, path)
    layers = port.open_layers(PORT, [f"encoder={path}"])
    params = port.load_into(PORT, targets, layers, expect_missing=("fc_norm.*", "head.*")).params
    assert set(params) == {"vision"}
    wanted = PORT.table_for_torch({name: array.shape for name, array in state.items()}).to_tree(state)
    for path, leaf in param_tree.leaves_with_paths(params):
        expected = dict(param_tree.leaves_with_paths(wanted))[path]
        np.testing.assert_array_equal(leaf, expected, err_msg="/".join(path))


def test_a_head_of_other_classes_is_an_error_with_the_remedy(pretrained):
    state, targets, folder = pretrained
    other = {**state, "head.weight": np.ones((7, 16), np.float32), "head.bias": np.ones(7, np.float32)}
    save_file(other, folder / "other.safetensors")
    with pytest.raises(
        UserError, match=r"trained on 7 classes, this model has 11; set model.num_classes, or .*classifier="
    ):
        port.load_into(PORT, targets, port.open_layers(PORT, [str(folder / "other.safetensors")]))
    layers = port.open_layers(PORT, [f"classifier={folder / 'other.safetensors'}"])
    assert set(port.load_into(PORT, targets, layers, expect_missing=("head.*",)).params) == {"vision", "fc_norm"}


def test_the_parameter_of_another_model_is_unexpected(pretrained):
    state, targets, folder = pretrained
    save_file({**state, "blocks.0.attn.qkv.bias": np.ones(96, np.float32)}, folder / "biased.safetensors")
    layers = port.open_layers(PORT, [f"encoder={folder / 'biased.safetensors'}"])
    with pytest.raises(UserError, match=r"blocks\.0\.attn\.qkv\.bias"):
        port.load_into(PORT, targets, layers, expect_missing=("fc_norm.*", "head.*"))
