"""`timesuite finetune --weights released` with files of the names and the structure of the released ones, but tiny."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from tests.support.one_device import train_on_one_device
from tests.support.shape_rows import write_rows
from tests.support.tiny_checkpoint import LLM, save_folder
from timesuite_jax import param_tree
from timesuite_jax.cli.main import main
from timesuite_jax.port.files.safetensors import SafetensorsFile
from timesuite_jax.registry import Answers, load
from timesuite_jax.registry.ports import PORTS

torch = pytest.importorskip("torch")

# Stage C's config with the sizes of the tiny model; what it names stays as it is.
CONFIG = """
from tests.support.tiny_config import MODEL
from timesuite_jax.configs.timesuite.finetune import get_config as stage_c

def get_config(arg=None):
    config = stage_c()
    config.model = {**MODEL, "bos": config.model.bos, "clip_text_padding": config.model.clip_text_padding}
    config.data.clip_text_length = 32
    return config
"""


def save(path: Path, arrays: Mapping[str, np.ndarray], container: str | None = None) -> None:
    state = {key: torch.tensor(np.array(array)) for key, array in arrays.items()}
    torch.save({container: state} if container else state, path)


def write_released(folder: Path, whole: Mapping[str, np.ndarray]) -> None:
    """Writes the four files; what a later one overrides is different in the earlier ones."""
    table = PORTS["videochat_t"].table_for_torch({key: array.shape for key, array in whole.items()})
    trained = {name for name, entry in table.entries.items() if entry.trainable}
    tower = [key for key in whole if key.startswith(("vision", "qformer", "query_tokens"))]
    of_stage3 = ("qformer", "query_tokens", "extra_query_tokens")
    stage3 = [key for key in whole if key.startswith(of_stage3) or "lora" in key]
    adapters = {key: np.zeros_like(whole[key]) if key in trained else whole[key] for key in stage3}
    llm, query = whole[f"{LLM}model.embed_tokens.weight"].shape[1], whole["query_tokens"].shape[-1]
    ones = {"mistral_proj.weight": (llm, query), "mistral_proj.bias": (llm,)}
    projection = {key: np.ones(shape, np.float32) for key, shape in ones.items()}
    umt = {key: np.zeros_like(whole[key]) if key in stage3 and key in table.entries else whole[key] for key in tower}
    # Upstream never runs the last block, and stage 1 has heads of its own.
    umt |= {key.replace("blocks.0.", "blocks.1."): array + 1 for key, array in umt.items() if "blocks.0." in key}
    umt["itm_head.weight"] = np.zeros((2, query), np.float32)
    base = {key.removeprefix(LLM): whole[key] for key in whole if key.startswith(LLM) and "lora" not in key}
    save(folder / "umt_l16_qformer.pth", umt)
    save_folder(folder / "Mistral-7B-Instruct-v0.2", base)
    save(folder / "videochat2_mistral_7b_stage3.pth", {**adapters, **projection}, "model")
    save(folder / "timesuite.pth", {key: whole[key] for key in trained}, "model")


@pytest.fixture
def folder(tmp_path, tiny_run, tiny_corpus, monkeypatch):
    """A folder with `downloads/`, of the weights of a run, and a file of rows."""
    (tmp_path / "downloads/bert-base-uncased").mkdir(parents=True)
    assert main(["port", "export", "--workdir", str(tiny_run), "--out", str(tmp_path / "whole.safetensors")]) == 0
    file = SafetensorsFile(tmp_path / "whole.safetensors")
    write_released(tmp_path / "downloads", {key: np.asarray(file.read(key)) for key in file.infos})
    for name in ("bert-base-uncased", "Mistral-7B-Instruct-v0.2"):
        shutil.copy(tiny_corpus / "tokenizer.json", tmp_path / "downloads" / name)
    (tmp_path / "tiny.py").write_text(CONFIG)
    write_rows(tmp_path / "rows.jsonl", tiny_corpus)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.nightly
def test_released_weights_are_where_training_starts(folder, tiny_corpus, tiny_run, capsys, monkeypatch):
    train_on_one_device(monkeypatch)
    words = ["finetune", "rows.jsonl", "--videos", str(tiny_corpus / "videos"), "--workdir", "run", "--held-out", "0.1"]
    words += ["--weights", "released", "--config", "tiny.py", "--config.data.batch_size=8"]
    # So small a step changes nothing.
    words += ["--config.training.total_steps=2", "--config.training.optimizer.learning_rate=1e-30"]
    capsys.readouterr()
    assert main(words) == 0
    printed = "".join(capsys.readouterr())
    assert "starting from umt=downloads/umt_l16_qformer.pth, mistral=downloads/Mistral-7B-Instruct-v0.2, vi" in printed
    before, after = (dict(param_tree.leaves_with_paths(load(str(run), Answers).params)) for run in (tiny_run, "run"))
    assert before.keys() == after.keys()
    for path, leaf in before.items():
        np.testing.assert_allclose(np.float32(leaf), np.float32(after[path]), rtol=1e-6, err_msg="/".join(path))
    assert set(json.loads(Path("run/results.json").read_text())["scores"]) == {"held_out_grounding", "held_out_answers"}


@pytest.mark.parametrize("name", ["timesuite.pth", "Mistral-7B-Instruct-v0.2", "bert-base-uncased"])
def test_a_missing_file_is_named_before_rows_are_read(folder, tiny_corpus, capsys, name):
    missing = folder / "downloads" / name
    missing.rename(folder / "elsewhere")
    (folder / "rows.jsonl").write_text("not read\n")
    words = ["finetune", "rows.jsonl", "--videos", str(tiny_corpus / "videos"), "--workdir", "run"]
    assert main([*words, "--weights", "released", "--config", "tiny.py"]) == 2
    assert f"downloads/{name}" in capsys.readouterr().err and not (folder / "run").exists()
