"""Tokens of captions, against what Stanford's tokenizer was seen to print."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timesuite_jax.metrics.captions.ptb import ptb_tokenize


@pytest.mark.parametrize(
    ("caption", "tokens"),
    [
        ("It's hot; don't touch (it)!", "it 's hot do n't touch -lrb- it -rrb-"),
        ("wouldn't've they're y'all", "would n't 've they 're y' all"),
        ("they cannot, they're gonna", "they can not they 're gon na"),
        ("the bowl.the pan", "the bowl.the pan"),
        ("salt. then", "salt then"),
        ("salt., then", "salt. then"),
        ("Mr. Smith at 5 p.m. on St. Mark's", "mr. smith at 5 p.m. on st. mark 's"),
        ("bake at 350°F for 45min, 3.5kg", "bake at 350 ° f for 45min 3.5 kg"),
        ("add 1 1/2 cups and ½ cup", "add 1\xa01/2 cups and 1/2 cup"),
        ("see fig. 3, not this fig.", "see fig. 3 not this fig"),
        ("stir-fry and/or w/ R&B", "stir-fry and/or w / r&b"),
        ("plan A. The end", "plan a the end"),
        ("a “quoted” \u2018word\u2019 — here...", "a quoted word here"),
        ("£5 and €6, 7¢", "# 5 and $ 6 7 cents"),
        ("sauté 😀 ★ :)", "sauté ★ :-rrb-"),
        ("<b>bold</b> a@b.com www.x.com #tag", "<b> bold </b> a@b.com www.x.com #tag"),
        ("what?! !!! ???", "what ?! !!! ???"),
        ("", ""),
    ],
)
def test_tokens(caption, tokens):
    assert ptb_tokenize([caption]) == [tokens]


def test_captions_do_not_depend_on_each_other():
    captions = ["one\rtwo", "three\nfour", "five\u2028six", ""]
    assert ptb_tokenize(captions) == ["one two", "three four", "five six", ""]
    assert ptb_tokenize(captions, protocol="paper") == ["one", "two", "three four", "five"]


@given(st.lists(st.text("aA1 .,'-/&$#@(<\"%_:;é½\u2019😀\r\n", max_size=12), max_size=3))
def test_any_text_has_tokens(captions):
    tokens = ptb_tokenize(captions)
    assert len(tokens) == len(captions)
    assert all(" " + line + " " == f" {' '.join(line.split(' '))} " and "  " not in line for line in tokens)
    for caption, line in zip(captions, tokens, strict=True):
        assert set("".join(line.split())) - set("lrb-.`'/2") <= set(caption.lower().replace("½", "½12/")), line
