"""Two ordinal numbers in words before a unit: "between the first and the seventh second".

Alone such words are rarely times ("the second event"): only a pair with a unit is read. English, Spanish, Portuguese,
Italian and Russian.
"""

import functools
import re

from timesuite_jax.text.answers.numerals import TENS, read_numeral
from timesuite_jax.text.answers.tokens import Token
from timesuite_jax.text.answers.vocabulary import ANY_UNIT, LETTER, ROLES, UNITS

# Of 1 and on; of one value, words separated by "/".
_ENGLISH = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth"
)
_SPANISH = (
    "primero/primer/primera segundo/segunda tercero/tercer/tercera cuarto/cuarta quinto/quinta sexto/sexta "
    "séptimo/séptima octavo/octava noveno/novena décimo/décima undécimo/undécima duodécimo/duodécima"
)
_PORTUGUESE = (
    "primeiro/primeira segundo/segunda terceiro/terceira quarto/quarta quinto/quinta sexto/sexta sétimo/sétima "
    "oitavo/oitava nono/nona décimo/décima décimo_primeiro décimo_segundo"
)
_ITALIAN = (
    "primo/prima secondo/seconda terzo/terza quarto/quarta quinto/quinta sesto/sesta settimo/settima ottavo/ottava "
    "nono/nona decimo/decima undicesimo dodicesimo tredicesimo quattordicesimo quindicesimo sedicesimo "
    "diciassettesimo diciottesimo diciannovesimo ventesimo"
)
_RUSSIAN = (
    "перв втор треть четвёрт/четверт пят шест седьм восьм девят десят одиннадцат двенадцат тринадцат четырнадцат "
    "пятнадцат шестнадцат семнадцат восемнадцат девятнадцат двадцат"
)
_RUSSIAN_ENDINGS = ("ой", "ую", "ая", "ей", "ю", "я")
_ARTICLE = r"(?:(?:the|la|el|il|lo|o|a)\s)?"
_LINK = r"(?:\s?[-~]\s?|\s(?:and|to|through|until|till|a|al|alla|y|e|até|ao|à|по|до|и)\s)"


@functools.cache
def _ordinals() -> dict[str, int]:
    words: dict[str, int] = {}
    for table in (_ENGLISH, _SPANISH, _PORTUGUESE, _ITALIAN):
        for value, row in enumerate(table.split(), 1):
            words |= {word.replace("_", " "): value for word in row.split("/")}
    for value, row in enumerate(_RUSSIAN.split(), 1):
        words |= {stem + ending: value for stem in row.split("/") for ending in _RUSSIAN_ENDINGS}
    ones = _ENGLISH.split()[:9]
    for word in TENS.split():
        tens = int(read_numeral(word) or 0)
        words |= {f"{word[:-1]}ieth": tens} | {f"{word} {one}": tens + value for value, one in enumerate(ones, 1)}
    return words


@functools.cache
def first_words() -> frozenset[str]:
    """Returns the words with which an ordinal number can begin."""
    return frozenset(word.split()[0] for word in _ordinals())


@functools.cache
def _pair() -> re.Pattern[str]:
    word = "|".join(written.replace(" ", "[ -]") for written in sorted(_ordinals(), key=len, reverse=True))
    end = rf"(?!{LETTER})"
    return re.compile(
        rf"(?P<a>{word})(?:\s(?P<unit>{ANY_UNIT}){end})?(?P<link>{_LINK}){_ARTICLE}(?P<b>{word})"
        rf"(?:\s(?P<last>{ANY_UNIT}){end}|(?(unit)(?=\s{{0,2}}(?:[.,;:)\]]|$))|(?!)))"
    )


def ordinal_pair(text: str, start: int) -> tuple[list[Token], int] | None:
    """Returns the tokens of two ordinal numbers with their unit at `start`, and the position behind; None if none are.

    Args:
      text: the answer, as `plain_characters` returns it.
      start: position of one of `first_words`.
    """
    match = _pair().match(text, start)
    if match is None:
        return None
    tokens: list[Token] = []
    for number, unit in (("a", match["unit"]), ("b", match["last"] or match["unit"])):
        tokens.append(Token("spelled", float(_ordinals()[match[number].replace("-", " ")])))
        if unit is not None:
            tokens.append(Token("scale", unit=UNITS[unit], word=unit))
        if number == "a":
            link = match["link"].strip()
            tokens.append(Token(ROLES.get(link, "dash"), word=link))
    return tokens, match.end()
