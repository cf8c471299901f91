"""Splits text into tokens of the Penn Treebank, as Stanford's PTBTokenizer 3.4.1 does with `-preserveLines`."""

import re
from collections.abc import Iterator

from timesuite_jax.metrics.captions.ptb.abbreviation_rules import ABBREVIATIONS
from timesuite_jax.metrics.captions.ptb.characters import NEWLINE, SPACE
from timesuite_jax.metrics.captions.ptb.number_rules import NUMBERS
from timesuite_jax.metrics.captions.ptb.punctuation_rules import PUNCTUATION
from timesuite_jax.metrics.captions.ptb.rule import Rule
from timesuite_jax.metrics.captions.ptb.web_rules import FILE_NAMES, WEB
from timesuite_jax.metrics.captions.ptb.word_rules import CLITICS, COMPOUNDS, CONTRACTIONS, WORDS

LINE_END = "\n"
_RULES: tuple[Rule, ...] = (
    *CONTRACTIONS, *WEB, *WORDS, *CLITICS, *NUMBERS, *COMPOUNDS, *ABBREVIATIONS, *FILE_NAMES, *PUNCTUATION
)  # fmt: skip
_SKIPPED = re.compile(f"[{SPACE}]+")
_LINE_END = re.compile(f"\r\n|[{NEWLINE}]")
# Most words need no rule but one: ASCII letters before a space, but for those that are split.
_PLAIN = re.compile(r"[A-Za-z]+(?=,?[ \n])")
_SPLIT = frozenset(("cannot", "gonna", "gotta", "lemme", "gimme", "wanna"))


def lex(text: str) -> Iterator[str]:
    """Yields the tokens of a text in lower case, and `LINE_END` for each line break.

    Characters that no rule knows are dropped.
    """
    position = 0
    while position < len(text):
        if space := _SKIPPED.match(text, position):
            position = space.end()
        elif end := _LINE_END.match(text, position):
            position = end.end()
            yield LINE_END
        elif (plain := _PLAIN.match(text, position)) and plain[0].lower() not in _SPLIT:
            position = plain.end()
            yield plain[0].lower()
        else:
            length, tokens = _longest(text, position)
            position += length
            for token in tokens:
                if cleaned := token.replace("\u00ad", "").lower():
                    yield cleaned


def _longest(text: str, position: int) -> tuple[int, tuple[str, ...]]:
    """Returns the length of the text that the rule reading most takes, and its tokens."""
    best, total = None, 0
    for rule in _RULES:
        if (found := rule.pattern.match(text, position)) and found.end() - position > total:
            best, total = (rule, found), found.end() - position
    if best is None:
        return 1, ()
    rule, found = best
    return len(found[1]), tuple(rule.write(found[1]))
