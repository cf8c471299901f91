"""Import then export of released checkpoints gives the same keys and the same bytes."""

import flax.linen as nn
import jax
import numpy as np
import pytest

from tests.support.golden_model import GoldenModel
from timesuite_jax import param_tree as trees
from timesuite_jax.port import ExportSpec, TreeSource, compare, export, load, load_into, open_checkpoint, open_layers
from timesuite_jax.port.files.pth import PthFile
from timesuite_jax.registry.ports import PORTS
from timesuite_jax.videochat_t.model.videochat_t import VideoChatT

PORT = PORTS["videochat_t"]


def test_import_then_export_gives_the_same_bytes(golden: GoldenModel, tmp_path):
    weights = golden.folder / "weights.safetensors"
    loaded = load(PORT, open_layers(PORT, [str(weights)]))
    assert not loaded.report.expected_missing
    source = TreeSource.of_params(PORT, loaded.params)
    export(source, tmp_path / "back.safetensors")
    back = open_checkpoint(PORT, tmp_path / "back.safetensors")
    assert set(back.infos) == set(golden.config["state_dict"])
    assert compare(back, open_checkpoint(PORT, weights)).differences == []


def test_newer_peft_names_load_the_same_parameters(golden: GoldenModel, tmp_path):
    weights = golden.folder / "weights.safetensors"
    old = TreeSource.of_params(PORT, load(PORT, open_layers(PORT, [str(weights)])).params)
    export(old, tmp_path / "new.safetensors", ExportSpec(new_peft=True))
    renamed = [key for key in open_checkpoint(PORT, tmp_path / "new.safetensors").infos if ".base_layer." in key]
    assert len(renamed) == sum(key.endswith("lora_A.default.weight") for key in golden.tensors)
    new = load(PORT, open_layers(PORT, [str(tmp_path / "new.safetensors")])).params
    assert compare(TreeSource.of_params(PORT, new), old).differences == []


def test_training_checkpoints(golden: GoldenModel, tmp_path):
    """Upstream's `.pth` files are readable, and a trainable-only export has the same keys in the same order."""
    declared = {name.removesuffix("_keys"): keys for name, keys in golden.json("cases.json").items() if "ckpt" in name}
    files = {path.stem: path for path in golden.folder.glob("*.pth")}
    assert set(files) == set(declared), "a checkpoint without its list of keys, or vice versa"
    source = TreeSource.of_params(
        PORT, load(PORT, open_layers(PORT, [str(golden.folder / "weights.safetensors")])).params
    )
    trainable = [
        key
        for key in source.table.torch_names
        if (source.table.entries.get(key) or source.table.constants[key]).trainable
    ]
    for stem, path in files.items():
        file = PthFile(path)
        assert file.container == "model"
        assert list(file.infos) == declared[stem] == trainable
        for key, info in file.infos.items():
            assert list(info.shape) == golden.config["state_dict"][key][0], key
            assert np.isfinite(file.read(key)).all(), key


def test_trainable_parameters(golden: GoldenModel):
    listed = golden.json("train.json")["grads"]["trainable"]
    assert {name for name, entry in golden.table.entries.items() if entry.trainable} == set(listed)


def test_good_init_equals_the_original_s(golden: GoldenModel):
    """`clip_proj` and `merge_proj` computed from stage-3 weights equal the original's initialization."""
    (complete,) = open_layers(PORT, [f"videochat2={golden.folder / 'weights.safetensors'}"])
    _, computed = PORT.with_computed_layers([complete])
    expected = open_checkpoint(PORT, golden.folder / "init_goodinit.safetensors")
    assert set(computed.source.infos) == {"clip_proj.weight", "clip_proj.bias", "merge_proj.weight", "merge_proj.bias"}
    for key in computed.source.infos:
        assert computed.source.read(key).tobytes() == expected.read(key).tobytes(), key


@pytest.mark.parametrize("tape", [True, False], ids=["LinearProAda", "LinearP"])
def test_load_into_the_model(golden: GoldenModel, tape: bool):
    """The file's parameters, cast and on the device, are those that the model needs."""
    spec = golden.spec if tape else golden.spec.__class__(**{**vars(golden.spec), "tape": False})
    batch = {key: value for key, value in golden.batch("main").items() if key != "loss_mask"}
    targets = nn.meta.unbox(jax.eval_shape(VideoChatT(spec).init, jax.random.key(0), batch))["params"]
    device = jax.sharding.SingleDeviceSharding(jax.devices()[0])
    targets = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=device), targets)
    layers = open_layers(PORT, [str(golden.folder / "weights.safetensors")])
    loaded = load_into(PORT, targets, layers, expect_unused=[] if tape else ["temp_adap.*"]).params
    expected = dict(trees.leaves_with_paths(golden.params))
    found = dict(trees.leaves_with_paths(loaded))
    assert set(found) == {path for path, _ in trees.leaves_with_paths(targets)}
    assert all(np.array_equal(leaf, expected[path]) for path, leaf in found.items())
