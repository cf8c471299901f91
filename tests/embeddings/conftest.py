"""The folder of a tiny encoder with random weights."""

import json
from pathlib import Path

import pytest
import safetensors.numpy

from tests.support.numpy_bert import SIZES, random_state

PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxy"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert", "hidden_act": "gelu", **SIZES}))
    (tmp_path / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 40}))
    (tmp_path / "vocab.txt").write_text("\n".join(PIECES) + "\n")
    safetensors.numpy.save_file(random_state(), tmp_path / "model.safetensors")
    return tmp_path
