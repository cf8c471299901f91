"""Two ordinal numbers in words before a unit: "between the first and the seventh second".

Alone such words are rarely times ("the second event"): only a pair with a unit is read. English, German, French,
Spanish, Portuguese, Italian and Russian.
"""

import functools
import re

from timesuite_jax.text.answers.number_words import french, german
from timesuite_jax.text.answers.numerals import TENS, read_numeral
from timesuite_jax.text.answers.tokens import Token
from timesuite_jax.text.answers.vocabulary import ANY_UNIT, LETTER, ROLES, UNITS
from timesuite_jax.text.answers.word_entries import entries_at, most_words

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
_GERMAN_ONES = {"eins": "erste", "drei": "dritte", "sieben": "siebte", "acht": "achte"}
_GERMAN_ENDINGS = ("", "n", "r", "s", "m")
_ARTICLE = r"(?:(?:the|la|le|el|il|lo|o|a|der|die|den|dem)\s)?"
_LINK = (
    r"(?:\s?[-~]\s?|\s(?:and|to|through|until|till|bis(?:\szu[rm]?)?|und|à|au|et|jusqu'(?:à|au)|a|al|alla|y|e|até|ao"
    r"|по|до|и)\s)"
)
_UNIT = rf"\s(?P<unit>{ANY_UNIT})(?!{LETTER})"
_BETWEEN = re.compile(rf"(?:{_UNIT})?(?P<link>{_LINK}){_ARTICLE}")
_LAST = re.compile(_UNIT)
_END = re.compile(r"\s{0,2}(?:[.,;:)\]]|$)")


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
    return words | _german_ordinals() | _french_ordinals()


def _german_ordinals() -> dict[str, int]:
    """Of the cardinal numbers: "fünfte", "zwanzigste", with the endings of all cases."""
    words = {}
    for cardinal, value in german().items():
        if value != int(value) or not value:
            continue
        one = next((one for one in _GERMAN_ONES if cardinal.endswith(one)), "")
        # Of numbers that end in 1 to 19, and of others.
        ordinal = f"{cardinal}te" if 0 < value % 100 < 20 else f"{cardinal}ste"
        words[cardinal.removesuffix(one) + _GERMAN_ONES[one] if one else ordinal] = int(value)
    return {word + ending: value for word, value in words.items() for ending in _GERMAN_ENDINGS}


def _french_ordinals() -> dict[str, int]:
    """Of the cardinal numbers: "cinquième", "vingt et unième"; not "seconde", which is a unit."""
    words = {"premier": 1, "première": 1, "soixante et onzième": 71, "quatre vingtième": 80}
    for cardinal, value in french().items():
        if value > 1 and not cardinal.endswith((" une", "cents")):
            words[re.sub("e$", "", re.sub("f$", "v", re.sub("q$", "qu", cardinal))) + "ième"] = int(value)
    return words


@functools.cache
def first_words_of_ordinals() -> dict[str, int]:
    """Returns how many words an ordinal number may have, by the first one."""
    return most_words(_ordinals())


def ordinal_pair(text: str, start: int) -> tuple[list[Token], int] | None:
    """Returns the tokens of two ordinal numbers with their unit at `start`, and the position behind; None if none are.

    Args:
      text: the answer, as `plain_characters` returns it.
      start: position of one of `first_words_of_ordinals`.
    """
    for first, end in entries_at(text, start, _ordinals(), first_words_of_ordinals()):
        between = _BETWEEN.match(text, end)
        if between is None:
            continue
        ends = entries_at(text, between.end(), _ordinals(), first_words_of_ordinals())
        # "décimo segundo" is the tenth second rather than the twelfth without a unit.
        for last, end in sorted(ends, key=lambda found: _LAST.match(text, found[1]) is None):
            unit = _LAST.match(text, end)
            if unit is not None or (between["unit"] and _END.match(text, end)):
                return _tokens(first, last, between, unit), unit.end() if unit else end
    return None


def _tokens(first: float, last: float, between: re.Match[str], unit: re.Match[str] | None) -> list[Token]:
    link = between["link"].split()[0].partition("'")[0]
    units = between["unit"], unit["unit"] if unit else between["unit"]
    before, behind = (
        [Token("spelled", float(value)), *([Token("scale", unit=UNITS[written], word=written)] if written else [])]
        for value, written in zip((first, last), units, strict=True)
    )
    return [*before, Token(ROLES.get(link, "dash"), word=link), *behind]
