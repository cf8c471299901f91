"""Rules of words: contractions, words with apostrophes, hyphens, slashes and underscores, acronyms."""

import re

from timesuite_jax.metrics.captions.ptb.characters import APOSTROPHE as APOS
from timesuite_jax.metrics.captions.ptb.characters import DIGIT, LETTER, SPACE
from timesuite_jax.metrics.captions.ptb.rule import Rule, rule, split_at

_ANY_CASE = re.IGNORECASE
_QUOTE = f"(?:{APOS}|[`\u0091\u2018\u201b])"
_ENTITY = "&[aeiouAEIOU](?:acute|grave|uml);"
_L, _LD = f"(?:[{LETTER}]|{_ENTITY})", f"(?:[{LETTER}{DIGIT}]|{_ENTITY})"
_WORD = rf"{_L}{_LD}*(?:[.!?]{_L}{_LD}*)*"
_CLITIC = f"{APOS}(?:re|ve|ll|[msd])"
_PART = "[A-Za-z0-9]+(?:-[A-Za-z]+){0,2}"


def _apostrophe(text: str) -> tuple[str]:
    """Writes every apostrophe as that of ASCII, and others that open a quotation as a backtick."""
    return (re.sub(APOS, "'", re.sub("[`\u0091\u2018\u201b]", "`", text)),)


CONTRACTIONS: tuple[Rule, ...] = (
    rule("cannot", write=split_at(3), flags=_ANY_CASE),
    rule("gonna|gotta|lemme|gimme|wanna", write=split_at(3), flags=_ANY_CASE),
    rule("'t(?:is|was)", write=split_at(2), flags=_ANY_CASE),
)

WORDS: tuple[Rule, ...] = (
    rule(_WORD, ahead=_CLITIC, flags=_ANY_CASE),
    # The letter before "n't" is not an n: "can't" is "ca" and "n't".
    rule("[A-Za-z\u00ad]*[A-MO-Za-mo-z]\u00ad*", ahead=f"n{_QUOTE}t", flags=_ANY_CASE),
    rule(_WORD),
    *(
        rule(word, flags=flags)
        for word, flags in (
            (f"{APOS}n{APOS}", _ANY_CASE),
            ("[lj]'", _ANY_CASE),
            ("d'", _ANY_CASE),
            (f"(?:dunkin|somethin|ol){APOS}", _ANY_CASE),
            (f"{APOS}em", _ANY_CASE),
            (rf"[A-HJ-XZn]{_QUOTE}[{LETTER}]{{2}}[{LETTER}]*", 0),
            (f"{APOS}[2-9]0s", _ANY_CASE),
            (f"{APOS}till?", _ANY_CASE),
            (rf"{_L}+[aeiouyAEIOUY]{_QUOTE}[aeiouA-Z]{_L}*", 0),
            (f"{APOS}cause", _ANY_CASE),
            ("nor'easter|c'mon|e'er|s'mores|ev'ry|li'l|nat'l|o'o", _ANY_CASE),
            ("c'est", _ANY_CASE),
        )
    ),
    rule(f"{APOS}n", ahead=rf"[{SPACE}\n]", flags=_ANY_CASE),
    rule(f"y{APOS}", ahead=_L, flags=_ANY_CASE),
)

CLITICS: tuple[Rule, ...] = (
    rule(_CLITIC, ahead="[^A-Za-z]", write=_apostrophe, flags=_ANY_CASE),
    rule(f"n{_QUOTE}t", ahead="[^A-Za-z]", write=_apostrophe, flags=_ANY_CASE),
    rule("'", ahead=r"[A-Za-z][^ \t\n\r\u00a0]"),  # opens a quotation
    rule(_CLITIC, write=_apostrophe, flags=_ANY_CASE),
    rule(f"n{_QUOTE}t", write=_apostrophe, flags=_ANY_CASE),
)

COMPOUNDS: tuple[Rule, ...] = (
    # Hyphens; a full stop or comma before the first one does not split, as in "bowl.the-pan".
    rule(r"[A-Za-z0-9][A-Za-z0-9.,\u00ad]*(?:-[A-Za-z0-9\u00ad]+)*-[A-Za-z](?:\.[A-Za-z])+\."),
    rule(r"[A-Za-z0-9][A-Za-z0-9.,\u00ad]*(?:-[A-Za-z0-9\u00ad]+)+"),
    rule(rf"(?:[dol]{_QUOTE}{_LD})?{_LD}+(?:[-_\u058a\u2010\u2011](?:[dol]{_QUOTE}{_LD})?{_LD}+)*", flags=_ANY_CASE),
    # A full stop before a comma, colon or semicolon does not end the sentence.
    rule(rf"(?:{_WORD}|{_LD}+(?:-{_LD}+)*)\.", ahead="[,;:\u3001]"),
    rule("[A-Z]+(?:(?:[+&]|&amp;)[A-Z]+)+", write=lambda text: (text.replace("&amp;", "&"),)),
    rule(rf"{_PART}(?:\\?/{_PART}){{1,2}}"),
    rule(r"c\+\+|[cf]#", flags=_ANY_CASE),
    rule(r"(?:anti|pro)-", flags=_ANY_CASE),
)
