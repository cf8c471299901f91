"""Conversations that are too long lose their time text first, then whole turns, never part of an answer."""

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
    DoesNotFit,
    FittedConversation,
    fit_conversation,
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


def fitted(tokenizer, *buckets, turns=TURNS) -> FittedConversation | DoesNotFit:
    return fit_conversation(tokenizer, turns, seconds=SECONDS, n_visual=N_VISUAL, buckets=buckets)


def test_nothing_is_cut_if_all_fits(tokenizer):
    exact = size(tokenizer, TimeStyle.DECIMAL)
    got = fitted(tokenizer, exact + 50, exact, 16)
    assert got.cuts == () and got.length == exact


@pytest.mark.parametrize(
    ("kind", "style"), [("time_text_compact", TimeStyle.COMPACT), ("time_text_dropped", TimeStyle.NONE)]
)
def test_the_time_text_is_shortened_first(tokenizer, kind, style):
    budget = size(tokenizer, style)
    got = fitted(tokenizer, budget)
    assert got.cuts == (kind,) and got.length == budget
    assert got.conversation.n_answer == encode_conversation(tokenizer, TURNS).n_answer


def test_then_whole_turns_are_dropped_and_counted(tokenizer):
    budget = size(tokenizer, TimeStyle.NONE, TURNS[:1])
    got = fitted(tokenizer, budget)
    assert got.cuts == ("time_text_dropped", "turns")
    assert got.conversation.n_answer == encode_conversation(tokenizer, TURNS[:1]).n_answer


def test_an_answer_that_does_not_fit_is_reported_with_the_numbers(tokenizer):
    needed = size(tokenizer, TimeStyle.NONE, TURNS[:1])
    got = fitted(tokenizer, needed - 1)
    assert isinstance(got, DoesNotFit)
    assert str(needed) in got.reason and str(needed - 1) in got.reason


def test_a_cut_that_saves_nothing_is_skipped(tokenizer):
    budget = 1 + N_VISUAL + encode_conversation(tokenizer, TURNS).n_text
    got = fit_conversation(tokenizer, TURNS, seconds=SECONDS[:2], n_visual=N_VISUAL, buckets=[budget])
    assert got.cuts == ("time_text_dropped",)


@pytest.mark.parametrize(("length", "bucket"), [(1, 8), (8, 8), (9, 32), (33, None)])
def test_smallest_bucket(length, bucket):
    assert smallest_bucket(length, [32, 8, 16 * 2]) == bucket
