"""Distinguishes who or what starts from what ends: "A man enters at 5 s. A woman leaves at 9 s" are two events."""

from timesuite_jax.text.answers.tokens import TIMES, Token

_BOUNDARIES = TIMES | {"stop", "line", "comma", "and", "clause", "close"}
_SENTENCE_ENDS = frozenset({"stop", "line"})


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MALE = _words("he man men boy boys guy gentleman father dad husband er mann il homme el hombre он")
_FEMALE = _words("she woman women girl girls lady mother mom wife sie frau elle femme ella mujer она")
# Of these verbs the subject is what appears; others, as in "The clip starts", may have any.
_OF_ITS_SUBJECT = _words("appears disappears appear disappear opens closes enters arrives leaves exits departs")
_POSSESSIVES = _words("his her their its")
_ANY_SUBJECT = _words("person people individual subject action camera object")


def are_different(tokens: list[Token], start: int, end: int) -> bool:
    """Whether the clause of the word at `end` is about another person or thing than that of the word at `start`."""
    first, second = _subject(tokens, start), _subject(tokens, end)
    if any(token.kind == "newcomer" for token in second):
        return True
    one, other = ({token.word for token in subject} for subject in (first, second))
    for these, those in ((_MALE, _FEMALE), (_FEMALE, _MALE)):
        if one & these and other & those and not (one & those or other & these):
            return True
    in_one_sentence = all(token.kind not in _SENTENCE_ENDS for token in tokens[start:end])
    if {tokens[start].word, tokens[end].word}.isdisjoint(_OF_ITS_SUBJECT):
        return False
    if not other.isdisjoint(_POSSESSIVES):
        return True
    if in_one_sentence:
        return False
    one, other = _nouns(first), _nouns(second)
    return bool(one) and bool(other) and one.isdisjoint(other) and (one | other).isdisjoint(_ANY_SUBJECT)


def _subject(tokens: list[Token], at: int) -> list[Token]:
    """The tokens before the one at `at`, in its clause."""
    begin = at
    while begin and tokens[begin - 1].kind not in _BOUNDARIES:
        begin -= 1
    return tokens[begin:at]


def _nouns(subject: list[Token]) -> set[str]:
    words = {token.word for token in subject if token.kind == "other" and not token.word.endswith("ly")}
    return words - _MALE - _FEMALE - {""}
