"""Matches of the grammar's expressions begin with the characters that are computed for them."""

import json
import re

import pytest

from tests.support.paths import CASES
from timesuite_jax.text.answers.characters import plain_characters
from timesuite_jax.text.answers.expressions import EXPRESSIONS
from timesuite_jax.text.answers.first_characters import first_characters

KINDS = json.loads((CASES / "answers" / "spans.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("pattern", "characters"),
    [
        (r"\bno\b|\bwait(?=[,.])", "nw"),
        (r"(?:the\s)?(?:film|video)", "tfv"),
        (r"(?<=[.;(]\s)mark", "m"),
        (r"[a-c]x|\.\.+", "abc."),
        (r"\d{0,2}s", "0123456789s"),
        (r"(?P<name>a|b)*c", "abc"),
        (r"^\s?x", None),
        (r"[^a]b", None),
        (r"a?", None),
        (r".b", None),
    ],
)
def test_first_characters(pattern, characters):
    assert first_characters(pattern) == (None if characters is None else frozenset(characters))


def test_expressions_begin_with_them():
    text = "\n".join(plain_characters(text.lower()) for texts in KINDS.values() for text in texts)
    matches = 0
    for _, words in EXPRESSIONS:
        characters = first_characters(words)
        for match in re.compile(words, re.VERBOSE).finditer(text):
            matches += 1
            assert characters is None or match[0][0] in characters, words
    assert matches > 500
