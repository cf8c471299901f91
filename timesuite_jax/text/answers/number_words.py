"""Numbers below 1000 in words of German, French, Spanish, Portuguese, Italian and Russian, as a dictionary.

Words are separated by one space there, hyphens included: "quatre vingt dix sept".
"""

import functools
from collections.abc import Sequence

# Values of the words for 0 and on.
_GERMAN = (
    "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn "
    "sechzehn siebzehn achtzehn neunzehn"
)
_FRENCH = (
    "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize "
    "dix_sept dix_huit dix_neuf"
)
_SPANISH = (
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis "
    "diecisiete dieciocho diecinueve"
)
_PORTUGUESE = (
    "zero um dois três quatro cinco seis sete oito nove dez onze doze treze quatorze quinze dezesseis "
    "dezessete dezoito dezenove"
)
_ITALIAN = (
    "zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici "
    "sedici diciassette diciotto diciannove"
)
_RUSSIAN = (
    "ноль один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать четырнадцать "
    "пятнадцать шестнадцать семнадцать восемнадцать девятнадцать",
    "ноля одной двух трёх четырёх пяти шести семи восьми девяти десяти одиннадцати двенадцати тринадцати "
    "четырнадцати пятнадцати шестнадцати семнадцати восемнадцати девятнадцати",
    "нолём одной двумя тремя четырьмя пятью шестью семью восемью девятью десятью одиннадцатью двенадцатью "
    "тринадцатью четырнадцатью пятнадцатью шестнадцатью семнадцатью восемнадцатью девятнадцатью",
)
_RUSSIAN_TENS = (
    "двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто",
    "двадцати тридцати сорока пятидесяти шестидесяти семидесяти восьмидесяти девяноста",
    "двадцатью тридцатью сорока пятьюдесятью шестьюдесятью семьюдесятью восемьюдесятью девяноста",
)
_RUSSIAN_HUNDREDS = ("сто двести триста четыреста пятьсот", "ста двухсот трёхсот четырёхсот пятисот")
# Other words for a value; those of 1 are articles too.
_MORE = {
    0.5: "halbe halben demi medio media meio meia mezzo mezza eine_halbe einer_halben une_demi половины",
    1: "ein eine einen einem einer une una um uma одна одну одного одно",
    1.5: "anderthalb eineinhalb полтора полторы полутора",
    2: "zwo duas две",
    14: "catorze",
    16: "dieciseis dezasseis",
    17: "dezassete",
    19: "dezanove",
    21: "vingt_et_une veintiún veintiuna vinte_e_uma двадцать_одна двадцать_одну",
    22: "vinte_e_duas двадцать_две",
    71: "soixante_et_onze",
    80: "quatre_vingts",
    100: "cento ciento",
}
# A number beside one of these is larger than those here.
LARGER = frozenset(["tausend", "mille", "mil", "mila", "тысяча", "тысячи", "тысяч", "тысячу", "cents"])


@functools.cache
def number_words() -> dict[str, float]:
    """Returns the numbers by the words for them."""
    words: dict[str, float] = german() | french()
    for below_hundred, hundreds, joint in (
        (_spanish(), _spaced("cien", "doscientos trescientos cuatrocientos quinientos seiscientos setecientos"), " "),
        (_portuguese(), _spaced("cem", "duzentos trezentos quatrocentos quinhentos seiscentos setecentos"), " e "),
        (_italian(), ["cento", *(f"{digit}cento" for digit in _ITALIAN.split()[2:10])], ""),
        *((_russian(case), _RUSSIAN_HUNDREDS[min(case, 1)].split(), " ") for case in range(3)),
    ):
        words |= _below_thousand(below_hundred, hundreds, joint)
    words |= {written.replace("_", " "): value for value, row in _MORE.items() for written in row.split()}
    words |= {written.replace("ё", "е"): value for written, value in words.items() if "ё" in written}
    return words


def german() -> dict[str, float]:
    """Returns those of German."""
    hundreds = ["einhundert", *(f"{digit}hundert" for digit in _GERMAN.split()[2:10])]
    words = _below_thousand(_german(), hundreds, "")
    words |= {f"hundert{rest}": 100 + value for rest, value in _german().items() if value == int(value) > 0}
    return words | {"hundert": 100}


def french() -> dict[str, float]:
    """Returns those of French."""
    digits = _FRENCH.split()[2:10]
    words = _below_thousand(_french(), ["cent", *(f"{digit} cent" for digit in digits)], " ")
    return words | {f"{digit} cents": 100 * value for value, digit in enumerate(digits, 2)}


def _below_thousand(below_hundred: dict[str, float], hundreds: Sequence[str], joint: str) -> dict[str, float]:
    words = dict(below_hundred)
    for hundred, written in enumerate(hundreds, 1):
        head = {"cien": "ciento", "cem": "cento"}.get(written, written)
        words[written] = 100 * hundred
        words |= {head + joint + rest: 100 * hundred + value for rest, value in below_hundred.items() if value}
    return words


def _spaced(first: str, others: str) -> list[str]:
    return [first, *others.split()]


def _ones(table: str) -> list[str]:
    return [word.replace("_", " ") for word in table.split()]


def _german() -> dict[str, float]:
    ones = _GERMAN.split()
    words: dict[str, float] = {word: value for value, word in enumerate(ones)}
    units = ["", "ein", *ones[2:10]]
    for tens, word in enumerate(
        ["zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig"], 2
    ):
        words |= {(f"{unit}und" if unit else "") + word: 10 * tens + value for value, unit in enumerate(units)}
    words |= {word.replace("ß", "ss"): value for word, value in words.items()}
    return words | {f"{word}einhalb": value + 0.5 for word, value in words.items() if value > 1}


def _french() -> dict[str, float]:
    ones = _ones(_FRENCH)
    words: dict[str, float] = {word: value for value, word in enumerate(ones)}
    for tens, word in ((20, "vingt"), (30, "trente"), (40, "quarante"), (50, "cinquante"), (60, "soixante")):
        words |= {word: tens, f"{word} et un": tens + 1, f"{word} et une": tens + 1}
        words |= {f"{word} {ones[value]}": tens + value for value in range(2, 20 if tens == 60 else 10)}
    for tens, word in ((70, "septante"), (80, "huitante"), (90, "nonante")):
        words |= {word: tens, f"{word} et un": tens + 1}
        words |= {f"{word} {ones[value]}": tens + value for value in range(2, 10)}
    return words | {f"quatre vingt {ones[value]}": 80 + value for value in range(1, 20)}


def _spanish() -> dict[str, float]:
    ones = _SPANISH.split()
    words: dict[str, float] = {word: value for value, word in enumerate(ones)}
    twenties = (
        "veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve"
    )
    for value, word in enumerate(twenties.split(), 20):
        words |= {word: value, word.replace("ó", "o").replace("é", "e"): value}
    for tens, word in enumerate(["treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"], 3):
        words |= {word: 10 * tens, f"{word} y un": 10 * tens + 1, f"{word} y una": 10 * tens + 1}
        words |= {f"{word} y {ones[value]}": 10 * tens + value for value in range(1, 10)}
    return words


def _portuguese() -> dict[str, float]:
    ones = _PORTUGUESE.split()
    words: dict[str, float] = {word: value for value, word in enumerate(ones)}
    for tens, word in enumerate(
        ["vinte", "trinta", "quarenta", "cinquenta", "sessenta", "setenta", "oitenta", "noventa"], 2
    ):
        words |= {word: 10 * tens, f"{word} e uma": 10 * tens + 1, f"{word} e duas": 10 * tens + 2}
        words |= {f"{word} e {ones[value]}": 10 * tens + value for value in range(1, 10)}
    return words


def _italian() -> dict[str, float]:
    ones = _ITALIAN.split()
    words: dict[str, float] = {word: value for value, word in enumerate(ones)}
    for tens, word in enumerate(
        ["venti", "trenta", "quaranta", "cinquanta", "sessanta", "settanta", "ottanta", "novanta"], 2
    ):
        words |= {word: 10 * tens, f"{word[:-1]}un": 10 * tens + 1, f"{word}tré": 10 * tens + 3}
        for value in range(1, 10):
            words[(word[:-1] if value in (1, 8) else word) + ones[value]] = 10 * tens + value
    return words


def _russian(case: int) -> dict[str, float]:
    ones = _RUSSIAN[case].split()
    words: dict[str, float] = {word: value for value, word in enumerate(ones)}
    for tens, word in enumerate(_RUSSIAN_TENS[case].split(), 2):
        words |= {word: 10 * tens}
        words |= {f"{word} {ones[value]}": 10 * tens + value for value in range(1, 10)}
    return words
