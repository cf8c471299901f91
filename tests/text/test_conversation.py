"""Conversation layouts, answer masks and rejected input; upstream's own texts are tested in tests/parity."""

import dataclasses
import random
from pathlib import Path

import numpy as np
import pytest

from timesuite_jax.errors import UserError
from timesuite_jax.text import (
    EVALUATION,
    LAYOUTS,
    TRAINING,
    Turn,
    as_prompt,
    build_word_tokenizer,
    encode_conversation,
    load_tokenizer,
    render,
    shuffled,
)

TURNS = [Turn("When does it fall?", "From 1.2 to 3.4 seconds."), Turn("Which colour?", "Red.")]
TIMES = "The video contains 2 frames sampled at 0.5, 1.0 seconds."


@pytest.fixture
def tokenizer(tmp_path: Path):
    texts = [part for turn in TURNS for part in (turn.question, turn.answer)]
    return load_tokenizer(build_word_tokenizer([*texts, TIMES, EVALUATION.system, "Best option:("], tmp_path))


def test_empty_placeholders_leave_no_space():
    before, after, _ = render([Turn("", "A man.")], layout=TRAINING)
    assert before + after == "[INST] <Video></Video> [/INST] A man. </s>"


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_prompt_of_a_layout_is_a_prefix_of_its_training_text(layout, tokenizer):
    whole = encode_conversation(tokenizer, TURNS[:1], layout=layout, times=TIMES)
    prompt = encode_conversation(tokenizer, as_prompt(TURNS[:1]), layout=layout, times=TIMES)
    assert prompt.before_ids == whole.before_ids
    assert prompt.n_answer == 0
    assert prompt.after_ids == whole.after_ids[: len(prompt.after_ids)]
    assert tokenizer.decode(prompt.after_ids).endswith("[/INST]")
    assert not whole.answer_mask[: len(prompt.after_ids)].any() and whole.answer_mask[len(prompt.after_ids) :].all()


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_answer_mask_covers_exactly_the_answers(layout, tokenizer):
    conversation = encode_conversation(tokenizer, TURNS, layout=layout, times=TIMES)
    ids = np.array(conversation.after_ids)[conversation.answer_mask]
    assert tokenizer.decode(ids) == "From 1.2 to 3.4 seconds.  Red. "  # with the space before each end token
    assert (ids == tokenizer.special.eos).sum() == len(TURNS)
    assert conversation.n_answer == len(ids) and conversation.n_text == len(
        conversation.before_ids + conversation.after_ids
    )


def test_consecutive_captions_form_one_masked_range(tokenizer):
    turns = [Turn("", "Red."), Turn("", "From 3.")]
    mask = encode_conversation(tokenizer, turns).answer_mask
    assert (np.diff(mask.astype(int)) != 0).sum() == 1 and mask[-1]


def test_answer_prompt_is_not_masked_as_answer():
    _, after, spans = render([Turn("Which colour?")], layout=EVALUATION, answer_prompt="Best option:(")
    assert after.endswith(" [/INST] Best option:(") and not spans


@pytest.mark.parametrize("marker", ["[INST]", "[/INST]", "</Video>", "</s>"])
@pytest.mark.parametrize("field", ["question", "answer", "instruction"])
def test_markers_in_texts_are_rejected(marker, field):
    turn = dataclasses.replace(Turn("q", "a"), **{field: f"see {marker} here"})
    with pytest.raises(UserError, match=r"turn 0 .*marker.*remove it"):
        render([turn])


def test_markers_in_texts_are_accepted_unless_strict():
    assert "x [INST] y" in render([Turn("x [INST] y", "a")], strict=False)[1]


def test_missing_answers_are_rejected_except_in_the_last_turn():
    with pytest.raises(UserError, match=r"turn 0 .*no answer"):
        render([Turn("first?"), Turn("second?", "a")])
    with pytest.raises(UserError, match="no turns"):
        render([])


def test_tokenizers_that_merge_across_answer_boundaries_are_rejected(tokenizer):
    class Merging:
        special, vocab_size = tokenizer.special, tokenizer.vocab_size

        def encode(self, text):
            return [len(text)]

    with pytest.raises(UserError, match="merges characters"):
        encode_conversation(Merging(), TURNS)


def test_braces_in_texts_are_preserved():
    assert "{x} {0}" in render([Turn("{x} {0}", "{answer}")], layout=TRAINING)[1]


@pytest.mark.parametrize("rng", [random.Random(1), np.random.default_rng(1)])
def test_shuffling_preserves_the_set_of_turns(rng):
    assert sorted(t.question for t in shuffled(TURNS, rng)) == sorted(t.question for t in TURNS)


def test_independent_turns_are_tokenized_separately(tokenizer):
    together = encode_conversation(tokenizer, TURNS, times=TIMES, independent=True)
    ids, opening = np.array(together.after_ids), together.segments == 0
    for number, turn in enumerate(TURNS, start=1):
        alone = encode_conversation(tokenizer, [turn], times=TIMES)
        seen = opening | (together.segments == number)
        assert tuple(ids[seen]) == alone.after_ids and together.before_ids == alone.before_ids
        np.testing.assert_array_equal(together.answer_mask[seen], alone.answer_mask)


def test_independent_turns_without_question_are_rejected(tokenizer):
    with pytest.raises(UserError, match="turn 1 has no question"):
        encode_conversation(tokenizer, [TURNS[0], Turn("", "A man.")], independent=True)
