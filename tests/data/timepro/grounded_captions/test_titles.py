"""Titles of captions, and the similarity of titles, without a model."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from timesuite_jax.data.timepro.grounded_captions import KeyClause, word_overlap
from timesuite_jax.data.timepro.grounded_captions.words import words


@pytest.mark.parametrize(
    ("caption", "title"),
    [
        (
            "In this video clip, we can see a man wearing a blue shirt standing in a kitchen. He is chopping onions.",
            "A man wearing a blue shirt standing in a kitchen",
        ),
        (
            "The video shows a woman pouring batter into a tin, which is on a counter.",
            "A woman pouring batter into a tin",
        ),
        ("A person is using a drill, and then inserting screws into the holes.", "A person is using a drill"),
        (
            "There is text on the screen. A girl explains how to braid her hair.",
            "A girl explains how to braid her hair",
        ),
        ("The man in the video is seen painting the wall white.", "The man painting the wall white"),
        ('"A dog" runs through the park; its owner laughs.', "A dog runs through the park"),
        ("She smiles at them. A girl mixes flour while the oven heats up.", "A girl mixes flour"),
        ("He puts it into the oven.", ""),
        ("一位厨师正在厨房里切洋葱和胡萝卜\uff0c然后把它们放进锅里炒。", "一位厨师正在厨房里切洋葱"),
        ("Next, the video shows the video shows a big red truck!", "A big red truck"),
        ("Text on the screen.", "Text on the screen"),
        ("Hello! Now.", ""),
        ("", ""),
    ],
)
def test_the_main_clause_is_the_title(caption, title):
    assert KeyClause()(caption) == title


def test_a_long_clause_is_cut_between_phrases():
    long = "A tall man carefully lifts the heavy wooden table over the small garden fence of his old neighbour"
    assert KeyClause()(long) == "A tall man carefully lifts the heavy wooden table"
    assert (
        KeyClause(max_words=14)(long) == "A tall man carefully lifts the heavy wooden table over the small garden fence"
    )


@pytest.mark.parametrize(
    ("caption", "title"),
    [
        ("A cook in white mashes the boiled potatoes in a bowl, pours in warm milk, and stirs.",
         "A cook in white mashes the boiled potatoes in a bowl"),
        ("A woman in a red apron stands at the counter and begins to peel some potatoes.",
         "A woman in a red apron stands at the counter"),
        ("A man and a woman push the old red car along the very long road.",
         "A man and a woman push the old red car"),
    ],
)  # fmt: skip
def test_a_clause_is_not_cut_within_what_follows_a_comma_or_and(caption, title):
    assert KeyClause()(caption) == title


@given(st.text())
def test_any_caption_has_a_title_of_at_most_so_many_words_or_none(caption):
    title = KeyClause(max_words=6)(caption)
    assert title == KeyClause(max_words=6)(caption)
    assert title == "" or len(words(title)) >= 3
    assert len(title.split(" ")) <= 6


def test_similarity_ignores_endings_and_the_order_of_words():
    same = word_overlap(["a man chops onions"], ["The man is chopping an onion", "onions chopped by a man", "a dog"])
    np.testing.assert_allclose(same, [[1.0, 1.0, 0.0]])
    assert word_overlap(["a man opens the door"], ["someone opens a door"]).item() == pytest.approx(2 / 3)
    assert word_overlap(["where is it"], ["where is it"]).item() == pytest.approx(1)  # nothing but function words
    assert word_overlap(["", "a"], ["", "b c"]).max() == 0


@given(st.lists(st.text(), min_size=1, max_size=4), st.lists(st.text(), max_size=4))
def test_similarity_is_within_0_and_1(queries, texts):
    scores = word_overlap(queries, texts)
    assert scores.shape == (len(queries), len(texts))
    assert ((scores >= 0) & (scores <= 1)).all()
