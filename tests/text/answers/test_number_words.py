"""Numbers in words of other languages than English: the dictionary, and where its words are times."""

import pytest

from timesuite_jax.text import parse_spans
from timesuite_jax.text.answers.number_words import number_words


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("einundzwanzig", 21), ("dreissig", 30), ("hundertzwölf", 112), ("zweieinhalb", 2.5),
        ("vingt et un", 21), ("soixante et onze", 71), ("quatre vingt dix sept", 97), ("deux cent cinq", 205),
        ("veintidós", 22), ("treinta y cinco", 35), ("ciento veinte", 120), ("doscientos uno", 201),
        ("vinte e cinco", 25), ("cento e doze", 112), ("duzentos e um", 201),
        ("ventotto", 28), ("ventitré", 23), ("centoventi", 120),
        ("двадцать пять", 25), ("двадцати пяти", 25), ("двадцатью пятью", 25), ("сто двадцать", 120),
    ],
)  # fmt: skip
def test_numbers(written, value):
    assert number_words()[written] == value


@pytest.mark.parametrize("text", [
    "fünf bis zwölf Personen", "elf to elf", "It happens at 5 s - once he opens the door.", "Onze hommes et six femmes",
    "von fünftausend bis sechstausend Sekunden", "de mil a mil doscientos segundos", "d'un homme à une femme",
])  # fmt: skip
def test_words_that_are_no_times(text):
    assert parse_spans(text, duration=20.0) == []


def test_the_length_of_the_video_is_not_needed():
    assert parse_spans("von fünf bis zwölf Sekunden") == [(5, 12)]
