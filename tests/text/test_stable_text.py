"""Text that is shown while it is generated is never taken back, whatever tokens follow."""

import io

import pytest
import sentencepiece
from hypothesis import given
from hypothesis import strategies as st

from timesuite_jax.text import SentencePieceTokenizer, StableText, build_word_tokenizer, load_tokenizer

TEXTS = ["From 1.0 to 2.5 seconds.", "the caf\u00e9 opens, \u00e9t\u00e9", "0 1 2 3 4 5 6 7 8 9"] * 20


@pytest.fixture(scope="module")
def tokenizers(tmp_path_factory):
    """SentencePiece with tokens for bytes, as Mistral's, and words."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS), model_writer=model, vocab_size=330, model_type="bpe", byte_fallback=True,
        minloglevel=2, hard_vocab_limit=False,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("words")
    build_word_tokenizer(TEXTS, folder / "tokenizer.json")
    pieces = SentencePieceTokenizer(sentencepiece.SentencePieceProcessor(model_proto=model.getvalue()))
    return pieces, load_tokenizer(folder)


@given(data=st.data(), kind=st.integers(0, 1))
def test_the_stable_part_is_a_prefix_of_every_later_text(tokenizers, data, kind):
    tokenizer = tokenizers[kind]
    byte = st.integers(3, 258) if not kind else st.integers(3, 10)  # half of them bytes, in every order
    ids = data.draw(st.lists(byte | st.integers(3, tokenizer.vocab_size - 1), max_size=12))
    text, shown = tokenizer.decode(ids), ""
    for count in range(len(ids) + 1):
        stable = tokenizer.decode(StableText(tokenizer).stable_ids(ids[:count]))
        assert stable.startswith(shown) and text.startswith(stable)
        shown = stable


def test_characters_of_several_tokens_appear_whole(tokenizers):
    tokenizer = tokenizers[0]
    ids = tokenizer.encode("the \N{CLAPPER BOARD} opens")
    assert len(ids) > 6, "the character has a token, so this test shows nothing"
    shown = [tokenizer.decode(StableText(tokenizer).stable_ids(ids[:count])) for count in range(len(ids) + 1)]
    assert shown[-1] == "the \N{CLAPPER BOARD} opens" and not any("\N{REPLACEMENT CHARACTER}" in text for text in shown)
    assert len(set(shown)) > 2
