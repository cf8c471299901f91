"""Ordinal numbers in words: each is the number of its cardinal, in every notation of a pair with a unit."""

import itertools
import random

import pytest

from timesuite_jax.text import parse_spans
from timesuite_jax.text.answers.ordinals import first_words_of_ordinals, ordinal_pair

# Written by hand, so that rules of the product are not their own test.
GERMAN = {
    1: "ersten", 2: "zweiten", 3: "dritten", 4: "vierten", 5: "fünften", 6: "sechsten", 7: "siebten", 8: "achten",
    9: "neunten", 10: "zehnten", 11: "elften", 12: "zwölften", 13: "dreizehnten", 16: "sechzehnten", 17: "siebzehnten",
    19: "neunzehnten", 20: "zwanzigsten", 21: "einundzwanzigsten", 28: "achtundzwanzigsten", 30: "dreißigsten",
    37: "siebenunddreißigsten", 70: "siebzigsten", 99: "neunundneunzigsten", 100: "hundertsten", 101: "hundertersten",
    103: "hundertdritten", 120: "hundertzwanzigsten", 208: "zweihundertachten", 300: "dreihundertsten",
}  # fmt: skip
FRENCH = {
    1: "première", 2: "deuxième", 3: "troisième", 4: "quatrième", 5: "cinquième", 6: "sixième", 7: "septième",
    8: "huitième", 9: "neuvième", 10: "dixième", 11: "onzième", 12: "douzième", 16: "seizième", 17: "dix-septième",
    19: "dix-neuvième", 20: "vingtième", 21: "vingt et unième", 22: "vingt-deuxième", 30: "trentième",
    41: "quarante-et-unième", 70: "soixante-dixième", 71: "soixante et onzième", 80: "quatre-vingtième",
    81: "quatre-vingt-unième", 95: "quatre-vingt-quinzième", 100: "centième", 105: "cent cinquième",
    200: "deux centième",
}  # fmt: skip
PHRASES = [
    (GERMAN, "von der {} bis zur {} Sekunde"),
    (GERMAN, "zwischen der {} und der {} Sekunde."),
    (GERMAN, "Es beginnt ab der {} Sekunde bis zur {}."),
    (FRENCH, "de la {} à la {} seconde"),
    (FRENCH, "Entre la {} et la {} seconde."),
    (FRENCH, "de la {} seconde jusqu'à la {}"),
]


@pytest.mark.parametrize(("table", "phrase"), PHRASES)
def test_pairs_with_a_unit(table: dict[int, str], phrase: str):
    for first, last in itertools.pairwise(sorted(table)):
        assert parse_spans(phrase.format(table[first], table[last])) == [(first, last)]


@pytest.mark.parametrize(("table", "phrase"), PHRASES)
def test_no_pair_without_a_unit(table: dict[int, str], phrase: str):
    for noun in ("", "Szene", "scène", "Sekundenzeiger", "secondaire"):
        text = phrase.replace("Sekunde", noun).replace("seconde", noun)
        assert parse_spans(text.format(table[2], table[5])) == []


@pytest.mark.parametrize("ending", ["", "n", "r", "s", "m"])
def test_all_german_cases(ending: str):
    assert parse_spans(f"von fünfte{ending} bis zwölfte{ending} Sekunde") == [(5, 12)]


def test_seconde_is_a_unit_and_no_ordinal():
    assert parse_spans("de la seconde à la troisième minute") == []


def test_a_pair_ends_within_any_sequence_of_their_words():
    words = [*GERMAN.values(), *FRENCH.values(), "sekunde", "seconde", "bis", "zur", "à", "la", "et", "und", "minute"]
    rng = random.Random(0)
    for _ in range(300):
        text = " ".join(rng.choices(words, k=rng.randrange(1, 9))).lower()
        parse_spans(text)
        if text.split()[0] in first_words_of_ordinals() and (found := ordinal_pair(text, 0)):
            tokens, end = found
            assert end <= len(text) and [token.kind for token in tokens].count("spelled") == 2
