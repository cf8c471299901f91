"""Loading of tokenizer files, checks of tokenizers, and the word tokenizer built from texts."""

import io
import json

import pytest
import sentencepiece

from tests.support.paths import GOLDENS
from timesuite_jax.errors import UserError
from timesuite_jax.text import (
    build_word_tokenizer,
    check_clip_tokenizer,
    check_tokenizer,
    load_clip_tokenizer,
    load_tokenizer,
)

TOKENIZERS = GOLDENS / "videochat_t" / "tokenizers"
TEXTS = [
    "</Video> [/INST] [INST] When? [/INST] From 12.3 to 4.5 seconds. </s> [INST] And then?",
    "  two  spaces, a\nnewline and ünïcödé 東京 ",
    "a</s></s>b<s>",
    "",
]


@pytest.mark.parametrize("text", TEXTS)
def test_json_and_sentencepiece_files_agree(text):
    from_json = load_tokenizer(TOKENIZERS / "mistral")
    from_model = load_tokenizer(TOKENIZERS / "mistral" / "tokenizer.model")
    assert from_json.encode(text) == from_model.encode(text)
    assert from_json.special == from_model.special
    assert from_json.vocab_size == from_model.vocab_size


def test_newer_json_files_use_the_legacy_prefix(tmp_path):
    original = json.loads((TOKENIZERS / "mistral" / "tokenizer.json").read_text(encoding="utf-8"))
    newer = original | {
        "normalizer": None,
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": False},
    }
    file = tmp_path / "tokenizer.json"
    file.write_text(json.dumps(newer), encoding="utf-8")
    for text in TEXTS:
        assert load_tokenizer(tmp_path).encode(text) == load_tokenizer(TOKENIZERS / "mistral").encode(text)


def test_truncation_and_padding_of_files_are_disabled(tmp_path):
    original = json.loads((TOKENIZERS / "mistral" / "tokenizer.json").read_text(encoding="utf-8"))
    original["truncation"] = {"direction": "Right", "max_length": 3, "strategy": "LongestFirst", "stride": 0}
    (tmp_path / "tokenizer.json").write_text(json.dumps(original), encoding="utf-8")
    assert load_tokenizer(tmp_path).encode(TEXTS[0]) == load_tokenizer(TOKENIZERS / "mistral").encode(TEXTS[0])


def test_dec_is_appended_to_bert_vocabularies_once():
    from_vocabulary = load_clip_tokenizer(TOKENIZERS / "bert" / "vocab.txt")
    with_dec = load_clip_tokenizer(TOKENIZERS / "bert" / "tokenizer_with_dec.json")
    pieces = (TOKENIZERS / "bert" / "vocab.txt").read_text(encoding="utf-8").splitlines()
    assert from_vocabulary.token_id("[DEC]") == len(pieces)
    assert from_vocabulary.vocab_size == with_dec.vocab_size == len(pieces) + 1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("tokenizer.json", "{", r"not a readable tokenizer\.json.*original"),
        ("tokenizer.model", "not a model", "SentencePiece model.*original"),
        ("elsewhere.txt", "", r"no tokenizer.*tokenizer\.json or tokenizer\.model"),
    ],
)
def test_unreadable_files_are_reported(tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(UserError, match=message):
        load_tokenizer(tmp_path)


def test_bert_vocabulary_is_rejected_as_language_model_tokenizer():
    with pytest.raises(UserError, match=r"no token <s>.*</s>"):
        load_tokenizer(TOKENIZERS / "bert" / "tokenizer_with_dec.json")


@pytest.mark.parametrize("file", ["tokenizer.json", "tokenizer.model"])
def test_check_accepts_mistral_files(file):
    check_tokenizer(load_tokenizer(TOKENIZERS / "mistral" / file), file)


def test_check_reports_missing_digits(tmp_path):
    description = json.loads(build_word_tokenizer(["a"], tmp_path).read_text(encoding="utf-8"))
    vocabulary = description["model"]["vocab"]
    del vocabulary["7"]
    description["model"]["vocab"] = {piece: i for i, piece in enumerate(vocabulary)}
    (tmp_path / "tokenizer.json").write_text(json.dumps(description), encoding="utf-8")
    with pytest.raises(UserError, match=r"no single token for 7\)"):
        check_tokenizer(load_tokenizer(tmp_path), "broken")


def test_check_rejects_merged_digits():
    with pytest.raises(UserError, match="digit as one token"):
        check_tokenizer(load_clip_tokenizer(TOKENIZERS / "bert" / "vocab.txt"), "bert")


def test_check_rejects_some_merged_digits(tmp_path):
    """The tokenizer is trained on texts in which 56 is frequent; it merges no other pair."""
    made = io.BytesIO()
    texts = ["[INST] <Video></Video> [/INST] 0 1 2 3 4 5 6 7 8 9 - . 56 56 56"] * 20
    options = {"vocab_size": 100, "model_type": "bpe", "hard_vocab_limit": False, "minloglevel": 2}
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(texts), model_writer=made, **options)
    (tmp_path / "tokenizer.model").write_bytes(made.getvalue())
    with pytest.raises(UserError, match=r"digit as one token .*for 5, 6\)"):
        check_tokenizer(load_tokenizer(tmp_path), "merged")


@pytest.mark.parametrize(
    ("lost", "message"), [(".", "no tokens for '10.2,'"), ("7", "no tokens for '67.8,'"), ("[UNK]", "'1-th'")]
)
def test_check_of_clip_tokenizer(lost, message, tmp_path):
    pieces = (TOKENIZERS / "bert/vocab.txt").read_text().splitlines()
    (tmp_path / "vocab.txt").write_text("\n".join(pieces))
    check_clip_tokenizer(load_clip_tokenizer(tmp_path), "whole")
    gone = (lost, f"##{lost}", *(["1", "##1"] if lost == "[UNK]" else []))
    (tmp_path / "vocab.txt").write_text("\n".join(piece for piece in pieces if piece not in gone))
    with pytest.raises(UserError, match=f"lacking.*{message}.*Q-Former's own tokenizer"):
        check_clip_tokenizer(load_clip_tokenizer(tmp_path), "lacking")


def test_word_tokenizer_restores_texts_and_loads_for_both_models(tmp_path):
    texts = ["When does the red square appear?", "It's here from 1.2 to 3.4 seconds -  ok.", "The 1-th video clip"]
    file = build_word_tokenizer(texts, tmp_path)
    tokenizer, clip_tokenizer = load_tokenizer(file), load_clip_tokenizer(tmp_path)
    check_tokenizer(tokenizer, str(file))
    for text in texts:
        assert tokenizer.decode(tokenizer.encode(text)) == text
        assert clip_tokenizer.encode(text) == tokenizer.encode(text)
    assert tokenizer.vocab_size == clip_tokenizer.vocab_size
    assert tokenizer.special.pad != tokenizer.special.eos
    assert (
        len({tokenizer.special.bos, tokenizer.special.eos, clip_tokenizer.special.bos, clip_tokenizer.special.eos}) == 4
    )
    one, seven, point, spaced = (tokenizer.token_id(piece) for piece in ("▁1", "7", ".", "▁7"))
    assert tokenizer.encode("17.7") == [one, seven, point, seven]
    assert tokenizer.encode("7 7") == [spaced, spaced]
    assert tokenizer.special.unk in tokenizer.encode("a zebra")


def test_word_tokenizer_is_independent_of_the_order_of_texts(tmp_path):
    one = build_word_tokenizer(["b a", "c"], tmp_path / "one")
    two = build_word_tokenizer(["c", "a b"], tmp_path / "two")
    assert one.read_bytes() == two.read_bytes()
