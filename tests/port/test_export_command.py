"""`timesuite port export`: configs beside weights, merged adapters, language models for transformers, overwriting."""

import json
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.support import tiny_config
from tests.support.tolerances import assert_close
from timesuite_jax import param_tree as trees
from timesuite_jax import port
from timesuite_jax.cli.main import main
from timesuite_jax.config_file import read_config
from timesuite_jax.layers import token_positions
from timesuite_jax.models.text import Mistral, MistralSpec
from timesuite_jax.port.files.safetensors import SafetensorsFile
from timesuite_jax.registry import build
from timesuite_jax.registry.ports import PORTS

PORT = PORTS["videochat_t"]
SCALING = 1.5  # of adapters: alpha / rank
CONFIG = """
from tests.support import tiny_config

def get_config(arg):
    config = tiny_config.get_config({tokenizer!r})
    config.model.mistral.update(lora={{"rank": 4, "alpha": 6.0}}, rope_theta=500.0, norm_epsilon=1e-3)
    return config
"""


@pytest.fixture
def config_file(tmp_path):
    path = tmp_path / "tiny.py"
    path.write_text(CONFIG.format(tokenizer=str(tmp_path / "tokenizer.json")))
    (tmp_path / "tokenizer.json").write_text('{"version": "1.0"}')
    return path


@pytest.fixture(scope="module")
def initial() -> dict[tuple[str, ...], np.ndarray]:
    """Parameters with adapters that change the outputs, by their paths; read-only."""
    config = tiny_config.get_config("unused")
    config.model.mistral.lora = {"rank": 4, "alpha": 6.0}
    rng = np.random.default_rng(0)
    leaves = dict(trees.leaves_with_paths(jax.jit(build(config).init)(jax.random.key(0))))
    for path, leaf in leaves.items():
        if path[-1] == "lora_b":
            leaves[path] = rng.normal(size=leaf.shape).astype(np.float32)
    return {path: np.asarray(leaf) for path, leaf in leaves.items()}


@pytest.fixture
def params(initial) -> dict[str, Any]:
    """A copy of them as a tree."""
    return trees.from_paths({path: leaf.copy() for path, leaf in initial.items()})


@pytest.fixture
def folder(tmp_path, params, config_file, capsys):
    """An import with a config."""
    port.export(port.TreeSource.of_params(PORT, params), tmp_path / "all.safetensors")
    assert (
        run(capsys, "import", tmp_path / "all.safetensors", "--out", tmp_path / "model", "--config", config_file)[0]
        == 0
    )
    return tmp_path / "model"


def run(capsys, *arguments) -> tuple[int, str, str]:
    code = main(["port", *map(str, arguments)])
    out, err = capsys.readouterr()
    return code, out, err


def test_a_config_is_beside_the_weights(tmp_path, folder, capsys):
    code, out, err = run(capsys, "export", folder, "--out", tmp_path / "out")
    assert code == 0, err
    assert "config.json" in out
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"model.safetensors", "config.json", "files"}
    config = read_config(tmp_path / "out/config.json")
    mistral = config["model"]["mistral"]
    assert (mistral["heads"], mistral["kv_heads"], mistral["rope_theta"], mistral["norm_epsilon"]) == (
        2,
        1,
        500.0,
        1e-3,
    )
    assert config["model"]["vision"]["heads"] == config["model"]["qformer"]["heads"] == 2
    assert config["weights"] == {"files": (f"{tmp_path}/out/model.safetensors",)}
    # The folder describes itself, wherever it is.
    (tmp_path / "out").rename(tmp_path / "moved")
    (tmp_path / "tokenizer.json").unlink()
    moved = read_config(tmp_path / "moved/config.json")
    assert moved["text"]["tokenizer"] == f"{tmp_path}/moved/files/text.tokenizer/tokenizer.json"
    assert (tmp_path / "moved/files/text.clip_tokenizer/tokenizer.json").is_file()
    loaded = build(moved).initial_weights()
    assert loaded is not None and loaded.source == f"{tmp_path}/moved/model.safetensors"
    code, out, _ = run(capsys, "import", tmp_path / "moved/model.safetensors", "--out", tmp_path / "again")
    assert code == 0 and "no config.json" not in out
    assert read_config(tmp_path / "again/config.json")["model"]["mistral"] == mistral


def merged(params: dict[str, Any]) -> dict[str, Any]:
    """The parameters with merged adapters, computed on our side of the table."""
    leaves = dict(trees.leaves_with_paths(params))
    for path in [path for path in leaves if path[-1] == "lora_a"]:
        a, b = leaves.pop(path), leaves.pop((*path[:-1], "lora_b"))
        leaves[*path[:-1], "kernel"] = leaves[*path[:-1], "kernel"] + SCALING * np.matmul(a, b)
    return trees.from_paths(leaves)


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_adapters_are_merged(tmp_path, folder, params, capsys, suffix):
    if suffix == ".pth":
        pytest.importorskip("torch")
    file = tmp_path / f"out/merged{suffix}"
    code, _, err = run(capsys, "export", folder, "--out", file, "--merge-lora")
    assert code == 0, err
    source = port.open_files(file)
    assert not any("lora" in key or "base_model" in key for key in source.infos)
    assert "mistral_model.model.layers.0.self_attn.q_proj.weight" in source.infos
    assert read_config(tmp_path / "out/config.json")["model"]["mistral"]["lora"] is None
    loaded = dict(trees.leaves_with_paths(port.load(PORT, port.open_layers(PORT, [str(file)])).params))
    expected = dict(trees.leaves_with_paths(merged(params)))
    assert loaded.keys() == expected.keys()
    for path, leaf in expected.items():
        # One rounding of a sum of five products in float32, on values of a few units.
        np.testing.assert_allclose(loaded[path], leaf, rtol=1e-6, atol=2e-6, err_msg="/".join(path))


def test_merged_weights_are_rounded_once(tmp_path, folder, params, capsys):
    assert run(capsys, "export", folder, "--out", tmp_path / "out", "--merge-lora", "--dtype", "bfloat16")[0] == 0
    source = port.open_files(tmp_path / "out/model.safetensors")
    found = source.read("mistral_model.lm_head.weight")
    assert found.dtype == jnp.bfloat16
    expected = merged(params)["mistral"]["lm_head"]["kernel"].T
    # Half a unit in the last of bfloat16's 8 digits, and the order of the sum.
    np.testing.assert_allclose(found.astype(np.float32), expected, rtol=2**-8, atol=1e-6)


def test_a_language_model_is_loaded_by_transformers(tmp_path, folder, params, capsys):
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    out = tmp_path / "hf"
    code, _, err = run(capsys, "export", folder, "--out", out, "--language-model")
    assert code == 0, err
    assert {path.name for path in out.iterdir()} == {"model.safetensors", "config.json", "tokenizer.json"}
    model = transformers.AutoModelForCausalLM.from_pretrained(out, dtype=torch.float32)
    assert type(model).__name__ == "MistralForCausalLM"
    spec = MistralSpec.from_hf_config(json.loads((out / "config.json").read_text()))
    assert (spec.rope_theta, spec.norm_epsilon, spec.heads, spec.kv_heads) == (500.0, 1e-3, 2, 1)

    tokens = np.random.default_rng(1).integers(0, 192, (2, 24))
    with torch.no_grad():
        theirs = model(torch.from_numpy(tokens)).logits.numpy()
    ours = Mistral(build(read_config(folder / "config.json")).config.model.mistral)
    variables, valid = {"params": params["mistral"]}, jnp.ones(tokens.shape, bool)
    embeds = ours.apply(variables, jnp.asarray(tokens), method="embed")
    hidden, _ = ours.apply(variables, embeds, token_positions(valid), valid)
    assert_close(theirs, np.asarray(ours.apply(variables, hidden, method="logits")), "logits", "transformers")


def test_a_language_model_without_adapters(tmp_path, folder, capsys):
    transformers = pytest.importorskip("transformers")
    assert run(capsys, "export", folder, "--out", tmp_path / "merged", "--merge-lora")[0] == 0
    assert run(capsys, "import", tmp_path / "merged/model.safetensors", "--out", tmp_path / "plain")[0] == 0
    for name, source in (("a", folder), ("b", tmp_path / "plain")):
        code, _, err = run(
            capsys, "export", source, "--out", tmp_path / name, "--language-model", "--dtype", "bfloat16"
        )
        assert code == 0, err
    a, b = (SafetensorsFile(tmp_path / name / "model.safetensors") for name in "ab")
    assert a.infos == b.infos and all(a.read(key).tobytes() == b.read(key).tobytes() for key in a.infos)
    assert transformers.AutoConfig.from_pretrained(tmp_path / "b").dtype == pytest.importorskip("torch").bfloat16


def test_nothing_is_overwritten_silently(tmp_path, folder, capsys):
    for options, out in [([], "x.safetensors"), ([], "dir"), (["--language-model"], "hf")]:
        assert run(capsys, "export", folder, "--out", tmp_path / "out" / out, *options)[0] == 0
        before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
        code, _, err = run(capsys, "export", folder, "--out", tmp_path / "out" / out, *options)
        assert code == 2 and "exists; give another --out, or --overwrite" in err
        assert before == {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
        assert run(capsys, "export", folder, "--out", tmp_path / "out" / out, *options, "--overwrite")[0] == 0


def test_a_folder_has_the_config_of_one_model(tmp_path, folder, capsys):
    assert run(capsys, "export", folder, "--out", tmp_path / "out/a.safetensors")[0] == 0
    before = (tmp_path / "out/config.json").read_bytes()
    assert run(capsys, "export", folder, "--out", tmp_path / "out/b.safetensors")[0] == 0
    assert (tmp_path / "out/config.json").read_bytes() == before
    code, _, err = run(capsys, "export", folder, "--out", tmp_path / "out/c.safetensors", "--merge-lora")
    assert code == 2 and "of another model; give --out a folder of its own" in err
    assert not (tmp_path / "out/c.safetensors").exists()


def test_trained_weights_name_what_they_were_trained_on(tmp_path, folder, capsys):
    code, _, err = run(capsys, "export", folder, "--out", tmp_path / "out", "--trainable-only")
    assert code == 0, err
    files = read_config(tmp_path / "out/config.json")["weights"]["files"]
    assert files == (f"{folder}/params", f"timesuite={tmp_path}/out/model.safetensors")
    port.resolve(PORT, port.open_layers(PORT, files))


def test_the_former_spelling_of_dequantize_is_accepted(tmp_path, folder, capsys):
    assert run(capsys, "export", folder, "--out", tmp_path / "x", "--dequantise")[0] == 0
    with pytest.raises(SystemExit):
        main(["port", "export", "--help"])
    assert "dequantise" not in capsys.readouterr().out


def test_user_errors(tmp_path, folder, capsys, config_file):
    (folder / "config.json").rename(tmp_path / "kept.json")
    out = tmp_path / "out"
    for arguments, message in [
        (["--merge-lora"], "LoRA's alpha are not in the weights; give --config CONFIG"),
        (["--language-model"], "give --config CONFIG"),
        (["--merge-lora", "--trainable-only", "--config", config_file], "--trainable-only leaves out; give one"),
        (["--language-model", "--trainable-only", "--config", config_file], "leave it out"),
        (["--model", "mqsa_ted"], "looks like a VideoChat-T, not a MQSA-TED; give --model videochat_t"),
    ]:
        code, _, err = run(capsys, "export", folder, "--out", out, *arguments)
        assert code == 2 and message in err and err.count("\n") == 1, err
    code, _, err = run(
        capsys, "export", folder, "--out", tmp_path / "x.pth", "--language-model", "--config", config_file
    )
    assert code == 2 and "writes a folder" in err
    for source, words in [(("--workdir", tmp_path), "train there first"), ((tmp_path,), "made by `port import`")]:
        code, _, err = run(capsys, "export", *source, "--out", out)
        assert code == 2 and words in err and err.count("\n") == 1, err
    for change, words in [
        ("lora.rank=8", "lm_head.lora_A.default.weight is (4, 16), but by the config's model.mistral it is (8, 16)"),
        ("layers=2", "model.layers.1.self_attn.q_proj.weight is missing"),
        ("heads=4", "q_proj.weight is (16, 16), but by the config's model.mistral it is (32, 16)"),
    ]:
        options = ("--config", config_file, f"--config.model.mistral.{change}")
        for action in ("--merge-lora", "--language-model"):
            code, _, err = run(capsys, "export", folder, "--out", out, action, *options)
            assert code == 2 and words in err and "give the --config of this model" in err, err
    code, text, _ = run(capsys, "export", folder, "--out", out)
    assert code == 0 and "no config.json" in text and not (out / "config.json").exists()


def test_a_cast_beyond_the_range_is_refused(tmp_path, folder, params, capsys):
    params["clip_proj"]["bias"] = np.full_like(params["clip_proj"]["bias"], 1e5)
    port.export(port.TreeSource.of_params(PORT, params), tmp_path / "large.safetensors")
    assert run(capsys, "import", tmp_path / "large.safetensors", "--out", tmp_path / "large")[0] == 0
    code, _, err = run(
        capsys, "export", tmp_path / "large", "--out", tmp_path / "half.safetensors", "--dtype", "float16"
    )
    assert code == 2 and "clip_proj.bias has values beyond the range of float16" in err
    assert not (tmp_path / "half.safetensors").exists()
