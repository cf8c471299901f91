"""A conversation as a row of the batch contract."""

import numpy as np
import pytest

from timesuite_jax.text import Turn, build_word_tokenizer, encode_conversation, load_tokenizer
from timesuite_jax.videochat_t.data.token_row import lay_out

TURNS = [Turn("When?", "From 1.0 to 2.5 seconds."), Turn("And then?", "At 3.0 seconds it ends.")]
N_VISUAL = 6


@pytest.fixture
def tokenizer(tmp_path):
    texts = [text for turn in TURNS for text in (turn.question, turn.answer)]
    return load_tokenizer(build_word_tokenizer(texts, tmp_path))


def test_rows_follow_the_batch_contract(tokenizer):
    conversation = encode_conversation(tokenizer, TURNS)
    n_before, n_after = len(conversation.before_ids), len(conversation.after_ids)
    length = 1 + n_before + N_VISUAL + n_after + 5
    row = lay_out(conversation, n_visual=N_VISUAL, length=length, special=tokenizer.special)
    assert row.tokens[0] == tokenizer.special.bos and row.tokens.dtype == row.visual_slot.dtype == np.int32
    assert tuple(row.tokens[1 : 1 + n_before]) == conversation.before_ids
    slots = row.visual_slot >= 0
    assert (row.visual_slot[slots] == np.arange(N_VISUAL)).all() and slots[1 + n_before] and not slots[n_before]
    assert (row.tokens[slots] == tokenizer.special.pad).all()
    assert tuple(row.tokens[1 + n_before + N_VISUAL : -5]) == conversation.after_ids
    assert (
        row.valid.sum() == length - 5 and not row.valid[-5:].any() and (row.tokens[-5:] == tokenizer.special.pad).all()
    )
    assert tokenizer.decode(row.tokens[row.loss_mask]) == "From 1.0 to 2.5 seconds.  At 3.0 seconds it ends. "
    with pytest.raises(ValueError, match="does not fit a row"):
        lay_out(conversation, n_visual=N_VISUAL, length=length - 6, special=tokenizer.special)
