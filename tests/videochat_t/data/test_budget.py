"""What gives way when a conversation is too long, and how it is laid out."""

import numpy as np
import pytest

from timesuite_jax.text import (
    TRAINING,
    TimeStyle,
    Turn,
    build_word_tokenizer,
    encode_conversation,
    load_tokenizer,
    video_time_text,
)
from timesuite_jax.videochat_t.data.budget import (
    Cut,
    DoesNotFit,
    Fitted,
    cut_like_upstream,
    fit,
    lay_out,
    smallest_bucket,
)

SECONDS = [0.5 * i for i in range(32)]
TURNS = [Turn("When?", "From 1.0 to 2.5 seconds."), Turn("And then?", "At 3.0 seconds it ends.")]
N_VISUAL = 6


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    texts = [TURNS[0].question, TURNS[0].answer, TURNS[1].question, TURNS[1].answer]
    texts += [video_time_text(SECONDS, style) for style in TimeStyle]
    return load_tokenizer(build_word_tokenizer(texts, tmp_path_factory.mktemp("tokenizer")))


def size(tokenizer, style: TimeStyle, turns=TURNS) -> int:
    times = video_time_text(SECONDS, style)
    return 1 + N_VISUAL + encode_conversation(tokenizer, turns, layout=TRAINING, times=times).n_text


def fitted(tokenizer, *buckets, turns=TURNS) -> Fitted | DoesNotFit:
    return fit(tokenizer, turns, seconds=SECONDS, n_visual=N_VISUAL, buckets=buckets)


def test_nothing_is_cut_where_there_is_room(tokenizer):
    exact = size(tokenizer, TimeStyle.DECIMAL)
    got = fitted(tokenizer, exact + 50, exact, 16)
    assert got.cuts == () and got.length == exact


@pytest.mark.parametrize(
    ("what", "style"), [("time_text_compact", TimeStyle.COMPACT), ("time_text_dropped", TimeStyle.NONE)]
)
def test_the_time_text_gives_way_first(tokenizer, what, style):
    full, room = size(tokenizer, TimeStyle.DECIMAL), size(tokenizer, style)
    got = fitted(tokenizer, room)
    assert got.cuts == (Cut(what, full - room),) and got.length == room
    assert got.conversation.n_answer == encode_conversation(tokenizer, TURNS).n_answer


def test_then_whole_turns_and_the_cut_says_how_much(tokenizer):
    room = size(tokenizer, TimeStyle.NONE, TURNS[:1])
    got = fitted(tokenizer, room)
    assert [cut.what for cut in got.cuts] == ["time_text_dropped", "turns"]
    assert sum(cut.n_tokens for cut in got.cuts) == size(tokenizer, TimeStyle.DECIMAL) - room
    assert got.conversation.n_answer == encode_conversation(tokenizer, TURNS[:1]).n_answer


def test_an_answer_that_cannot_fit_is_refused_with_the_numbers(tokenizer):
    needed = size(tokenizer, TimeStyle.NONE, TURNS[:1])
    got = fitted(tokenizer, needed - 1)
    assert isinstance(got, DoesNotFit)
    assert str(needed) in got.reason and str(needed - 1) in got.reason


def test_a_step_that_saves_nothing_is_not_taken(tokenizer):
    room = 1 + N_VISUAL + encode_conversation(tokenizer, TURNS).n_text
    got = fit(tokenizer, TURNS, seconds=SECONDS[:2], n_visual=N_VISUAL, buckets=[room])
    assert [cut.what for cut in got.cuts] == ["time_text_dropped"]


@pytest.mark.parametrize(("length", "bucket"), [(1, 8), (8, 8), (9, 32), (33, None)])
def test_smallest_bucket(length, bucket):
    assert smallest_bucket(length, [32, 8, 16 * 2]) == bucket


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


def test_upstreams_way_cuts_the_answer_and_says_so(tokenizer):
    conversation = encode_conversation(tokenizer, TURNS[:1])
    got = cut_like_upstream(conversation, conversation.n_text + 1 - 3)
    assert got.conversation.after_ids == conversation.after_ids[:-3]
    assert got.cuts == (Cut("answer", 3),)
    assert cut_like_upstream(conversation, conversation.n_text + 1).cuts == ()
