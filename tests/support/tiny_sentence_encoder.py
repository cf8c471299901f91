"""The folder of a tiny sentence encoder with random weights."""

import json
from pathlib import Path

import safetensors.numpy

from tests.support.numpy_bert import SIZES, random_state

PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxy"]


def write_sentence_encoder(folder: Path) -> None:
    """Writes the files that `SentenceEncoder.from_folder` reads; every letter but z is a word."""
    (folder / "config.json").write_text(json.dumps({"model_type": "bert", "hidden_act": "gelu", **SIZES}))
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 40}))
    (folder / "vocab.txt").write_text("\n".join(PIECES) + "\n")
    safetensors.numpy.save_file(random_state(), folder / "model.safetensors")
