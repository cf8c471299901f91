"""Words of captions and titles; each letter of a script without spaces is a word of its own."""

import re

_NO_SPACES = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"  # kana, Chinese characters, Hangul
_WORD = re.compile(rf"[{_NO_SPACES}]|[^\W_{_NO_SPACES}]+(?:['\u2019]\w+)?")

FUNCTION_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a an the this that these those some and or but nor so then also while as when where which who whom whose "
        "of in on at by to from into onto with without for about over under between through during before after up "
        "down out off near along across around behind beside towards is are was were be been being am do does did "
        "has have had can could will would may might it its he she they them his her their him we you i there here "
        "one very",
    )
)
"""English words that connect others."""


def words(text: str) -> list[str]:
    """Returns the words of a text in lower case."""
    return _WORD.findall(text.lower())
