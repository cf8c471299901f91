"""Load plans: files override one another in order, every key has a status, one message has all errors."""

import json
from collections import Counter

import numpy as np
import pytest

from tests.support import tiny_checkpoint as tiny
from timesuite_jax import param_tree as trees
from timesuite_jax.errors import UserError
from timesuite_jax.port import load, open_checkpoint, open_layers, resolve
from timesuite_jax.port.tables.lora import peft_alias
from timesuite_jax.registry.ports import PORTS
from timesuite_jax.videochat_t.port import table as port_table

PORT = PORTS["videochat_t"]


@pytest.fixture
def files(tmp_path):
    return tiny.chain(tmp_path)


def shapes_of():
    """Shapes of the model's parameters: without the export-only one."""
    tree = port_table.build(tiny.SIZES).to_tree(tiny.tensors())
    leaves = {path: leaf.shape for path, leaf in trees.leaves_with_paths(tree)}
    return {path: shape for path, shape in leaves.items() if path[0] != "mistral_proj"}


def test_files_override_one_another_in_the_original_s_order(files):
    # Given in another order than the original's.
    layers = open_layers(PORT, tiny.arguments(files, "timesuite", "umt", "videochat2", "mistral"))
    loaded = load(PORT, layers)
    flat = dict(trees.leaves_with_paths(loaded.params))
    seeds = {seed: tiny.tensors(seed=seed) for seed in (1, 2, 3, 4)}
    tower, query = "vision_encoder.encoder.patch_embed.proj.bias", "query_tokens"
    assert np.array_equal(flat["vision_encoder", "patch_embed", "bias"], seeds[3][tower])
    assert np.array_equal(flat["query_tokens",], seeds[4][query])
    assert np.array_equal(flat["mistral", "norm", "scale"], seeds[2][f"{tiny.LLM}model.norm.weight"])
    key = f"{tiny.LLM}model.layers.1.mlp.up_proj.lora_A.default.weight"
    assert np.array_equal(flat["mistral", "layers", "mlp", "up", "lora_a"][1], seeds[4][key].T)
    by_role = {layer.role: layer for layer in loaded.report.layers}
    assert list(by_role) == ["umt", "mistral", "videochat2", "good_init", "timesuite"]
    assert by_role["umt"].overridden[tower] == str(files["videochat2"])
    assert by_role["good_init"].overridden["merge_proj.weight"] == str(files["timesuite"])
    ignored = by_role["umt"].ignored
    assert ignored["vision_encoder.encoder.blocks.2.norm1.bias"].startswith("the vision encoder's last block")
    assert "itm_head.weight" in ignored
    used = [key for layer in loaded.report.layers for key in layer.used]
    assert len(used) == len(set(used)) == len(tiny.tensors())


def test_good_init_is_mean_pooling(files):
    layers = open_layers(PORT, tiny.arguments(files, "umt", "mistral", "videochat2"))
    plan = resolve(PORT, layers, shapes_of(), expect_missing=["temp_adap/*"])
    source, key = plan.sources["merge_proj.weight"]
    weight, projection = source.read(key), tiny.tensors(seed=3)["mistral_proj.weight"]
    tokens = np.random.default_rng(0).normal(size=(4, 2)).astype(np.float32)
    np.testing.assert_allclose(weight @ tokens.ravel(), projection @ tokens.mean(axis=0), rtol=1e-5, atol=1e-6)
    assert np.array_equal(source.read("merge_proj.bias"), tiny.tensors(seed=3)["mistral_proj.bias"])
    assert np.array_equal(source.read("clip_proj.weight"), np.eye(2, dtype=np.float32))
    assert all(key.startswith("temp_adap.") for key in plan.report.expected_missing)


def test_a_role_requires_its_keys(files, tmp_path):
    """A TimeSuite checkpoint without merge_proj would leave the initialization in its place, so it is refused."""
    arrays = {key: value for key, value in tiny.tensors(seed=4).items() if "lora" in key or "proj" not in key}
    trainable = {key for key in arrays if not key.startswith(("vision", "mistral")) or "lora" in key}
    files["timesuite"] = tiny.save(tmp_path / "t.safetensors", {key: arrays[key] for key in trainable})
    layers = open_layers(PORT, tiny.arguments(files, "umt", "mistral", "videochat2", "timesuite"))
    with pytest.raises(UserError, match=r"\(timesuite\) lacks required keys \(4\):\s+clip_proj") as error:
        resolve(PORT, layers)
    assert "merge_proj.weight" in str(error.value)
    resolve(PORT, layers, expect_missing=["clip_proj.*", "merge_proj.*"])


def test_one_message_has_all_errors(tmp_path):
    arrays = tiny.tensors()
    arrays["clip_projj.bias"] = arrays.pop("clip_proj.bias")
    arrays["merge_proj.weight"] = arrays["merge_proj.weight"].T
    arrays["qformer.bert.embeddings.word_embeddings.weight"] = np.zeros((15, 2), np.float32)
    arrays["temp_adap.fc.0.weight"] = np.zeros((6, 6, 5), np.float32)
    arrays["clip_proj.weight"] = arrays["clip_proj.weight"].astype(np.int64)
    arrays["stranger"] = np.zeros(2, np.float32)
    layers = open_layers(PORT, [str(tiny.save(tmp_path / "x.safetensors", arrays))])
    with pytest.raises(UserError) as error:
        resolve(PORT, layers, shapes_of())
    message = str(error.value)
    for words in (
        "unexpected (2):",
        "clip_projj.bias (did you mean 'clip_proj.bias'?)",
        "stranger\n",
        "merge_proj.weight: [8, 3], wanted [3, 8] (transposed)",
        "[15, 2], wanted [16, 2] (another vocabulary; embeddings are never resized silently",
        "trained with 4 clips, this model has 2",
        "clip_proj.weight: int64, wanted a floating-point type",
        "missing from all files (1):\n    clip_proj.bias",
        "with weights.expect_missing",
    ):
        assert words in message, words


@pytest.mark.parametrize("change", ["transposed", "longer"])
def test_without_a_config_sizes_must_agree(change, tmp_path):
    """A tensor whose size differs from that of the other tensors with this axis is refused by name."""
    arrays, table = tiny.tensors(), port_table.build(tiny.SIZES)
    shared = Counter(name for entry in table.entries.values() for name in set(entry.sizes))
    refused = 0
    for key, array in list(arrays.items())[:: len(arrays) // 20]:
        other = array.T if change == "transposed" else np.concatenate([array, array[:1]])
        sizes = zip(table.entries[key].sizes, array.shape, other.shape, strict=True)
        if any(size != changed for name, size, changed in sizes if shared[name] > 2):
            layers = open_layers(PORT, [str(tiny.save(tmp_path / "x.safetensors", {**arrays, key: other}))])
            with pytest.raises(UserError, match="wrong shape or type") as error:
                resolve(PORT, layers)
            assert f"\n    {key}: {list(other.shape)}, wanted " in str(error.value)
            refused += 1
    assert refused > 5


def test_expected_patterns(tmp_path):
    arrays = tiny.tensors()
    del arrays["clip_proj.bias"]
    arrays["stranger"] = np.zeros(2, np.float32)
    layers = open_layers(PORT, [str(tiny.save(tmp_path / "x.safetensors", arrays))])
    plan = resolve(PORT, layers, shapes_of(), ["clip_proj/bias"], ["strang*"])
    assert plan.report.expected_missing == ["clip_proj.bias"]
    assert plan.report.layers[0].ignored["stranger"] == "listed as expected"
    with pytest.raises(UserError, match=r"expected patterns that match no key \(1\):\s+lora\*"):
        resolve(PORT, layers, shapes_of(), ["clip_proj/bias", "lora*"], ["strang*"])


def test_a_stack_needs_all_of_its_layers(tmp_path):
    arrays = tiny.tensors()
    del arrays["vision_encoder.encoder.blocks.1.norm1.bias"]
    layers = open_layers(PORT, [str(tiny.save(tmp_path / "x.safetensors", arrays))])
    with pytest.raises(
        UserError, match=r"missing from all files \(1\):\s+vision_encoder\.encoder\.blocks\.1\.norm1\.bias"
    ):
        resolve(PORT, layers, shapes_of(), ["vision_encoder*"])


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    path = tiny.save(tmp_path / "resnet.safetensors", {"conv1.weight": np.zeros(2), "fc.bias": np.zeros(3)})
    with pytest.raises(UserError, match=r"none of its 2 keys is known \(conv1\.weight, fc\.bias\)"):
        resolve(PORT, open_layers(PORT, [str(path)]), shapes_of())
    with pytest.raises(UserError, match=r"resnet\.safetensors: not a complete VideoChat-T, vision_encoder"):
        resolve(PORT, open_layers(PORT, [str(path)]))


def test_additional_layers_are_unexpected(tmp_path):
    arrays = tiny.tensors()
    for block in (2, 3):
        arrays |= {k.replace("blocks.1.", f"blocks.{block}."): v for k, v in arrays.items() if "blocks.1." in k}
    layers = open_layers(PORT, [str(tiny.save(tmp_path / "x.safetensors", arrays))])
    with pytest.raises(UserError, match=r"blocks\.3\."):
        resolve(PORT, layers, shapes_of())


def test_forged_layer_numbers_allocate_nothing(tmp_path):
    arrays = {**tiny.tensors(), "vision_encoder.encoder.blocks.99999999999.norm1.bias": np.zeros(5, np.float32)}
    with pytest.raises(UserError, match="unexpected"):
        resolve(PORT, open_layers(PORT, [str(tiny.save(tmp_path / "x.safetensors", arrays))]))


def test_buffers_are_checked(tmp_path):
    ids = "qformer.bert.embeddings.position_ids"
    arrays = {**tiny.tensors(), ids: np.arange(16)[None]}
    plan = resolve(PORT, open_layers(PORT, [str(tiny.save(tmp_path / "x.safetensors", arrays))]))
    assert plan.report.layers[0].ignored[ids] == "a buffer that depends on the sizes alone"
    arrays[ids] = np.arange(16)[None] + 1
    with pytest.raises(UserError, match="with values other than"):
        resolve(PORT, open_layers(PORT, [str(tiny.save(tmp_path / "y.safetensors", arrays))]))


def test_both_spellings_of_peft_are_read_but_not_together(tmp_path):
    arrays = tiny.tensors()
    new = {peft_alias(key, arrays): value for key, value in arrays.items()}
    assert sum("base_layer" in key for key in new) == 15
    loaded = load(PORT, open_layers(PORT, [str(tiny.save(tmp_path / "new.safetensors", new))])).params
    old = load(PORT, open_layers(PORT, [str(tiny.save(tmp_path / "old.safetensors", arrays))])).params
    for (_, a), (_, b) in zip(trees.leaves_with_paths(loaded), trees.leaves_with_paths(old), strict=True):
        assert np.array_equal(a, b)
    both = tiny.save(tmp_path / "both.safetensors", {**new, **arrays})
    with pytest.raises(UserError, match="which are one tensor"):
        resolve(PORT, open_layers(PORT, [str(both)]))


def test_arguments_of_open_layers(tmp_path, files):
    with pytest.raises(
        UserError, match="unknown role 'mistrall'; VideoChat-T has umt, mistral, videochat2, checkpoint, timesuite"
    ):
        open_layers(PORT, ["mistrall=x"])
    with pytest.raises(UserError, match="unknown role 'good_init'"):
        open_layers(PORT, ["good_init=x"])
    with pytest.raises(UserError, match="does not exist"):
        open_layers(PORT, [str(tmp_path / "nothing.pth")])
    with pytest.raises(UserError, match="was given before"):
        open_layers(PORT, tiny.arguments(files, "umt", "umt"))


def test_inconsistent_folders_are_refused(tmp_path, files):
    folder = files["mistral"]
    index = folder / "model.safetensors.index.json"
    content = json.loads(index.read_text())
    key, shard = next(iter(content["weight_map"].items()))

    def refused(message, **weight_map):
        index.write_text(json.dumps({"weight_map": {**content["weight_map"], **weight_map}}))
        with pytest.raises(UserError, match=message):
            open_layers(PORT, [f"mistral={folder}"])

    refused("disagree on 1 tensors, e.g. 'phantom'", phantom=shard)
    refused("lists the shard lost.safetensors, which does not exist", **{key: "lost.safetensors"})
    refused("must be a plain file name", **{key: "../../etc/passwd"})
    refused("must be a plain file name", **{key: 3})
    for text, words in [("{", "not valid JSON"), ("[]", "has no weight_map")]:
        index.write_text(text)
        with pytest.raises(UserError, match=words):
            open_layers(PORT, [f"mistral={folder}"])
    index.unlink()
    with pytest.raises(UserError, match=r"contains none of model\.safetensors\.index\.json"):
        open_layers(PORT, [f"mistral={folder}"])


def test_a_folder_of_pytorch_files_is_read(tmp_path):
    torch = pytest.importorskip("torch")
    arrays = tiny.tensors()
    keys = sorted(arrays)
    folder = tmp_path / "bin"
    folder.mkdir()
    weight_map = {}
    for shard in range(2):
        file = f"pytorch_model-{shard}.bin"
        torch.save({key: torch.from_numpy(arrays[key]) for key in keys[shard::2]}, folder / file)
        weight_map |= dict.fromkeys(keys[shard::2], file)
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": weight_map}))
    (layer,) = open_layers(PORT, [str(folder)])
    assert set(layer.source.infos) == set(arrays)
    assert all(np.array_equal(layer.source.read(key), array) for key, array in arrays.items())


def test_trained_weights_override_a_complete_checkpoint(files, tmp_path):
    """The original loads its training checkpoint last."""
    base = tiny.save(tmp_path / "base.safetensors", tiny.tensors())
    plan = resolve(PORT, open_layers(PORT, [str(base), *tiny.arguments(files, "timesuite")]))
    source, key = plan.sources["query_tokens"]
    assert np.array_equal(source.read(key), tiny.tensors(seed=4)["query_tokens"])


def test_a_file_that_is_not_used_is_refused(files, tmp_path):
    base = tiny.save(tmp_path / "base.safetensors", tiny.tensors())
    with pytest.raises(UserError, match=r"nothing is used.*\n.*umt\.safetensors: .*base\.safetensors, a complete"):
        resolve(PORT, open_layers(PORT, [str(base), *tiny.arguments(files, "umt")]))


def test_trained_weights_supply_the_adapters_of_a_base_model(files, tmp_path):
    base = {key: value for key, value in tiny.tensors().items() if "lora" not in key}
    path = tiny.save(tmp_path / "base.safetensors", base)
    plan = resolve(PORT, open_layers(PORT, [str(path), *tiny.arguments(files, "timesuite")]))
    source, key = plan.sources[f"{tiny.LLM}lm_head.lora_A.default.weight"]
    assert source.name == str(files["timesuite"]) and source.read(key).shape == (12, 3)


def test_a_file_that_the_model_does_not_need_is_refused(files, tmp_path):
    other = tiny.save(tmp_path / "x.safetensors", {"mistral_proj.weight": np.zeros((3, 2), np.float32)})
    layers = open_layers(
        PORT, [*tiny.arguments(files, "mistral", "timesuite"), f"umt={files['umt']}", f"checkpoint={other}"]
    )
    with pytest.raises(UserError, match=r"nothing is used.*\n.*x\.safetensors: the model needs no key"):
        resolve(PORT, layers, shapes_of(), ["*"])


PREFIXES = ("module.", "_orig_mod.", "model.", "net.video_chat.", "module._orig_mod.", "_orig_mod.module.")


@pytest.mark.parametrize("prefix", PREFIXES)
def test_prefixes_of_wrappers_are_removed(prefix, tmp_path):
    arrays = {prefix + key: value for key, value in tiny.tensors().items()}
    plan = resolve(PORT, open_layers(PORT, [str(tiny.save(tmp_path / "x.safetensors", arrays))]))
    for key, value in tiny.tensors().items():
        source, name = plan.sources[key]
        assert np.array_equal(source.read(name), value), key
    assert plan.report.layers[0].wrapper == prefix.replace("_orig_mod.", "")


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("role", ["umt", "mistral", "videochat2", "timesuite"])
def test_prefixes_are_removed_from_the_file_of_each_role(role, prefix, files, tmp_path):
    source = open_checkpoint(PORT, files[role])
    arrays = {prefix + key: np.array(source.read(key)) for key in source.infos}
    wrapped = {**files, role: tiny.save(tmp_path / "wrapped.safetensors", arrays)}
    plans = [resolve(PORT, open_layers(PORT, tiny.arguments(each, *each))) for each in (files, wrapped)]
    for name in plans[0].sources:
        values = [plan.sources[name][0].read(plan.sources[name][1]) for plan in plans]
        assert np.array_equal(*values), name


@pytest.mark.parametrize("prefix", ["module.", "ema.model."])
def test_a_prefix_of_some_keys_is_named(prefix, tmp_path):
    """Rather than the closest of the missing keys, which may be of another tensor."""
    arrays = tiny.tensors()
    arrays[f"{prefix}clip_proj.bias"] = arrays.pop("clip_proj.bias")
    arrays[f"{prefix}clip_proj.weight"] = arrays["clip_proj.weight"]
    lora = f"{tiny.LLM}model.layers.1.mlp.up_proj.lora_A"
    arrays[f"{prefix}{lora}.weight"] = arrays.pop(f"{lora}.default.weight")
    with pytest.raises(UserError) as error:
        resolve(PORT, open_layers(PORT, [str(tiny.save(tmp_path / "x.safetensors", arrays))]))
    alone = f"(most keys of the file lack the prefix '{prefix}'; remove it from this one)"
    both = f"(the file has it without the prefix '{prefix}', too: clip_proj.weight; remove one of the two)"
    for line in (f"clip_proj.bias {alone}", f"{lora}.weight {alone}", f"clip_proj.weight {both}"):
        assert f"\n    {prefix}{line}\n" in str(error.value)


@pytest.mark.parametrize("part", ["_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"])
def test_parts_of_wrapped_modules_are_removed(part, tmp_path):
    arrays = {
        key.replace(".blocks.", f".{part}.blocks.").replace("temp_adap.", f"temp_adap.{part}."): value
        for key, value in tiny.tensors().items()
    }
    assert sum(part in key for key in arrays) > 10
    plan = resolve(PORT, open_layers(PORT, [str(tiny.save(tmp_path / "x.safetensors", arrays))]))
    assert set(plan.sources) == set(tiny.tensors())


@pytest.mark.parametrize("prefix", ["mistral_model.base_model.model.", "base_model.model.", "language_model."])
def test_the_language_model_is_found_within_another(prefix, files, tmp_path):
    source = open_checkpoint(PORT, files["mistral"])
    arrays = {prefix + key: np.array(source.read(key)) for key in source.infos}
    files["mistral"] = tiny.save(tmp_path / "x.safetensors", arrays)
    plan = resolve(PORT, open_layers(PORT, tiny.arguments(files, *files)))
    assert len(next(layer for layer in plan.report.layers if layer.role == "mistral").used) == len(arrays)


@pytest.mark.parametrize("suffix", [".weight", ".video.weight", "", ".default"])
def test_adapters_of_any_name_are_read(suffix, tmp_path):
    arrays = {key.replace(".default.weight", suffix): value for key, value in tiny.tensors().items()}
    plan = resolve(PORT, open_layers(PORT, [str(tiny.save(tmp_path / "x.safetensors", arrays))]))
    assert set(plan.sources) == set(tiny.tensors())


@pytest.mark.parametrize("prefix", ["mistral_model.", "mistral_model.base_model.model.base_model.model."])
def test_other_nestings_of_peft_are_read(prefix, tmp_path):
    arrays = {key.replace(tiny.LLM, prefix): value for key, value in tiny.tensors().items()}
    plan = resolve(PORT, open_layers(PORT, [str(tiny.save(tmp_path / "x.safetensors", arrays))]))
    assert set(plan.sources) == set(tiny.tensors())


FOREIGN = {
    "a causal language model of Hugging Face": ["transformer.layers.0.self_attn.q_proj.weight"],
    "BERT": ["bert.encoder.layer.0.attention.self.query.weight"],
    "CLIP of OpenAI or OpenCLIP": ["visual.transformer.resblocks.0.ln_1.weight"],
    "MQSA-TED": ["block_short_query/Variable"],
    "LoRA adapters of PEFT": ["base_model.model.x.lora_A.weight"],
    "a vision transformer": ["patch_embed.proj.weight", "blocks.0.attn.qkv.weight"],
    "the file for mistral=PATH": ["model.layers.0.self_attn.q_proj.weight", "lm_head.weight"],
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_foreign_file_is_named(kind, tmp_path):
    path = tiny.save(tmp_path / "x.safetensors", {key: np.zeros(2, np.float32) for key in FOREIGN[kind]})
    for wanted in (shapes_of(), None):
        with pytest.raises(UserError, match=rf"x\.safetensors.*it looks like {kind}"):
            resolve(PORT, open_layers(PORT, [str(path)]), wanted)
