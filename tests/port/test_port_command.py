"""`timesuite port` from the command line: round trips, reports and errors."""

import json

import jax
import numpy as np
import orbax.checkpoint as ocp
import pytest

from tests.support import tiny_checkpoint as tiny
from tests.support import tiny_config
from timesuite_jax import param_tree as trees
from timesuite_jax import port
from timesuite_jax.cli.main import main
from timesuite_jax.config_file import read_config
from timesuite_jax.port.files.pth import PthFile
from timesuite_jax.port.files.safetensors import SafetensorsFile
from timesuite_jax.port.tables.lora import peft_alias
from timesuite_jax.registry import build
from timesuite_jax.registry.ports import PORTS

IDS = "qformer.bert.embeddings.position_ids"


@pytest.fixture
def weights(tmp_path):
    return tiny.save(tmp_path / "weights.safetensors", {**tiny.tensors(), IDS: np.arange(16)[None]})


def run(capsys, *arguments) -> tuple[int, str, str]:
    code = main(["port", *map(str, arguments)])
    out, err = capsys.readouterr()
    return code, out, err


def test_import_then_export_gives_the_same_bytes(tmp_path, weights, capsys):
    code, out, _ = run(capsys, "import", weights, "--out", tmp_path / "model")
    assert code == 0 and "checkpoint" in out
    report = json.loads((tmp_path / "model/port.json").read_text())
    assert report["layers"][0]["ignored"] == {IDS: "a buffer that depends on the sizes alone"}
    code, out, _ = run(capsys, "export", tmp_path / "model", "--out", tmp_path / "back.safetensors")
    assert code == 0 and "good_init=False" in out
    code, out, _ = run(capsys, "verify", tmp_path / "back.safetensors", weights)
    assert code == 0 and out.startswith("identical: ")
    assert run(capsys, "verify", tmp_path / "model", weights)[0] == 0
    assert run(capsys, "verify", weights, tmp_path / "model")[0] == 0


def test_the_folder_is_plain_orbax(tmp_path, weights, capsys):
    run(capsys, "import", weights, "--out", tmp_path / "model")
    with ocp.StandardCheckpointer() as reader:
        params = reader.restore(tmp_path / "model/params")
    expected = PORTS["videochat_t"].table_for_torch({k: v.shape for k, v in tiny.tensors().items()})
    expected = dict(trees.leaves_with_paths(expected.to_tree(tiny.tensors())))
    found = dict(trees.leaves_with_paths(params))
    assert set(found) == set(expected)
    assert all(np.array_equal(found[path], leaf) for path, leaf in expected.items())


def test_the_original_s_files_are_imported(tmp_path, capsys):
    files = tiny.chain(tmp_path)
    arguments = tiny.arguments(files, *files)
    code, out, _ = run(capsys, "import", *arguments, "--out", tmp_path / "model")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[1:6]] == [
        "umt",
        "mistral",
        "videochat2",
        "good_init",
        "timesuite",
    ]
    trained = tmp_path / "ckpt_00.safetensors"
    run(capsys, "export", tmp_path / "model", "--out", trained, "--trainable-only")
    assert set(SafetensorsFile(trained).infos) == {*SafetensorsFile(files["timesuite"]).infos, IDS}
    code, out, _ = run(capsys, "verify", trained, files["timesuite"], "--json")
    assert code == 1 and list(json.loads(out)["differences"]) == [IDS]


def test_export_as_pth(tmp_path, weights, capsys):
    torch = pytest.importorskip("torch")
    run(capsys, "import", weights, "--out", tmp_path / "model")
    code, _, _ = run(
        capsys, "export", tmp_path / "model", "--out", tmp_path / "x.pth", "--dtype", "bfloat16", "--peft", "new"
    )
    assert code == 0
    state = torch.load(tmp_path / "x.pth", weights_only=True)["model"]
    table = PORTS["videochat_t"].table_for_torch({k: v.shape for k, v in tiny.tensors().items()})
    assert list(state) == [peft_alias(key, table.entries) for key in table.torch_names]
    assert (
        state["merge_proj.bias"].untyped_storage().data_ptr() != state["mistral_proj.bias"].untyped_storage().data_ptr()
    )
    assert state[IDS].dtype == torch.int64
    for key, value in tiny.tensors().items():
        found = state[peft_alias(key, table.entries)]
        assert found.dtype == torch.bfloat16 and torch.equal(found, torch.from_numpy(value).bfloat16()), key
    file = PthFile(tmp_path / "x.pth")
    assert all(np.array_equal(file.read(key), np.asarray(state[key].double())) for key in file.infos)


def test_inspect_lists_tensors(tmp_path, weights, capsys):
    code, out, _ = run(capsys, "inspect", weights)
    assert code == 0 and "1x16x2" in out and out.splitlines()[-1].startswith(f"{len(tiny.tensors()) + 1} tensors")
    listed = json.loads(run(capsys, "inspect", weights, "--json")[1])["tensors"]
    assert listed["merge_proj.weight"] == {"shape": [3, 8], "dtype": "float32", "bytes": 96}


def test_verify_reports_differences(tmp_path, weights, capsys):
    arrays = {**tiny.tensors(), IDS: np.arange(16)[None]}
    arrays["clip_proj.bias"] = arrays["clip_proj.bias"] + np.float32([0, 0.5])
    del arrays["clip_proj.weight"]
    arrays["query_tokens"] = arrays["query_tokens"].astype(np.float16)
    other = tiny.save(tmp_path / "other.safetensors", arrays)
    code, out, _ = run(capsys, "verify", weights, other)
    assert code == 1
    assert "1 of 2 values differ, by at most 0.5" in out
    assert f"only in {weights}" in out and "float32 [1, 16, 2] against float16" in out
    assert "3 differences" in out


def test_the_config_decides_sizes_and_types(tmp_path, capsys):
    model = PORTS["videochat_t"]
    params = jax.jit(build(tiny_config.get_config("unused")).init)(jax.random.key(0))
    params["mistral_proj"] = {"kernel": np.ones((16, 16), np.float32), "bias": np.ones(16, np.float32)}
    port.export(port.TreeSource.of_params(model, params), tmp_path / "weights.safetensors")
    text = (
        "from tests.support import tiny_config\n\ndef get_config(arg):\n    config = tiny_config.get_config('unused')\n"
    )
    text += "    config.model.mistral.param_dtype = 'bfloat16'\n    return config\n"
    (tmp_path / "config.py").write_text(text)
    out = tmp_path / "m"
    code, _, _ = run(
        capsys, "import", tmp_path / "weights.safetensors", "--out", out, "--config", tmp_path / "config.py", "--json"
    )
    assert code == 0
    listed = json.loads(run(capsys, "inspect", out, "--json")[1])["tensors"]
    key = "mistral_model.base_model.model.model.embed_tokens.weight"
    assert listed[key]["dtype"] == "bfloat16" and listed["merge_proj.weight"]["dtype"] == "float32"
    assert "mistral_proj.bias" not in listed
    stored = read_config(out / "config.json")
    assert stored["model"]["qformer"]["heads"] == 2 and stored["weights"]["files"] == (f"{out}/params",)


def test_user_errors_are_one_line(tmp_path, weights, capsys):
    run(capsys, "import", weights, "--out", tmp_path / "model")
    truncated = tmp_path / "cut.safetensors"
    truncated.write_bytes(weights.read_bytes()[:-5])
    (tmp_path / "occupied").write_text("")
    for arguments, message in [
        (["import", weights, "--out", tmp_path / "model"], "is in use"),
        (["import", weights, "--out", tmp_path / "occupied"], "is in use"),
        (["import", weights, "--out", tmp_path / "occupied" / "x"], "cannot write"),
        (["import", truncated, "--out", tmp_path / "m2"], "truncated"),
        (["import", tmp_path / "none.pth", "--out", tmp_path / "m2"], "does not exist"),
        (["export", weights, "--out", tmp_path / "x.pth"], "is not an Orbax folder"),
        (["export", tmp_path / "model", "--out", tmp_path / "x.onnx"], "use .safetensors or .pth"),
        (["export", tmp_path / "model", "--out", tmp_path / "occupied" / "x.pth"], "cannot write"),
        (["inspect", tmp_path / "occupied"], "is empty (0 bytes); copy it again"),
    ]:
        code, out, err = run(capsys, *arguments)
        assert (code, out) == (2, ""), arguments
        assert message in err and err.count("\n") == 1, err
    assert not (tmp_path / "m2").exists()


def test_help_lists_the_roles(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["port", "import", "--help"])
    assert stop.value.code == 0
    assert "umt_l16_qformer.pth" in capsys.readouterr().out
