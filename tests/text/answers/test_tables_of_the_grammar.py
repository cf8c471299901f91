"""The tables of the grammar: each row recognises its examples."""

import pytest

from timesuite_jax.text.answers.combine import combine
from timesuite_jax.text.answers.lexer import lex
from timesuite_jax.text.answers.notations import NOTATIONS, read_time
from timesuite_jax.text.answers.numerals import read_numeral
from timesuite_jax.text.answers.phrases import PHRASES
from timesuite_jax.text.answers.tokens import compile_phrase, letters

RUNS = {
    "5": {"75": 75},
    "5.5, .5": {"5.5": 5.5, ".5": 0.5},
    "5.": {"12.": 12},
    "1,250": {"1,250": 1250},
    "1,250.5": {"1,250.5": 1250.5},
    "1 250, 1'250": {"1 250": 1250, "1'250'000": 1_250_000},
    "1 250.5": {"1 250,5": 1250.5, "1'250.5": 1250.5},
    "5,5": {"12,5": 12.5},
    "mm:ss": {"1:05": 65, "75:30.5": 4530.5},
    "h:mm:ss": {"00:01:05,500": 65.5, "1:00:00": 3600},
    "hh:mm:ss:ff": {"00:01:05:12": 65.48},
    "1'05\"": {"1'05": 65, "1'5.5": 65.5},
    "1m05": {"1m20": 80, "1min05": 65},
    "1h05": {"1h05": 3900},
    "PT1M5S": {"pt1m5s": 65, "pt1h": 3600, "pt2.5s": 2.5},
}
# A text that begins with the phrase, for each row.
TEXTS = {
    "length between a and b": "for 5 to 12 seconds",
    "length or span": "duration: 5 - 12 s",
    "exception": "except from 3 to 4 s and from 6 to 7 s",
    "whole video, with an exception": "throughout the video except from 3 to 4 s",
    "denial of a to b": "never visible in the video from 3 to 4 s",
    "a to b, denied": "from 3 to 4 s it is not visible",
    "limit between a and b": "until 5 to 12 s",
    "a to b, worse": "5 - 12 s is less accurate than",
    "chain, with a preposition": "from 3 s until 5 to 12 s",
    "a to b, compared": "5 - 12 s is better than 6 - 13 s",
    "a and b, corrected": "between 5 and 12 s, no, 6 and 13 s",
    "start corrected to a, end b": "starts at 5 s, sorry, 6 s, and ends at 12 s",
    "start a, end corrected to b": "starts at 5 s and ends at 12 s, sorry, 13 s",
    "a to b, corrected to c": "5 to 12 s, i mean 13",
    "variables": "t0 = 5 s, t1 = 12 s",
    "two variables, a, b": "(t0, t1) = (5, 12)",
    "points in a text": "<|5.00|> hello <|12.00|> world <|20.00|>",
    "text between a and b": "<|5.00|> hello <|12.00|>",
    "until b, from a": "until 12 s, from 5 s",
    "amount": "every 5 to 12 seconds",
    "a to b, an amount": "5 to 12 seconds each",
    "relative to the end": "5 s before the end of the video",
    "a to b, relative to the end": "from 5 to 12 seconds before the end",
    "a to b, relative": "5 to 12 seconds after",
    "relative, a to b": "after 5 to 12 seconds",
    "example": "example, 3 - 4 s",
    "negation": "not from 3 to 4 s",
    "quantity": "scores are 3.0, 3.0",
    "labels": "frames 10 to 20",
    "counts": "10 to 20 frames",
    "range behind a list number": "1 - 5.0 to 12.0 s",
    "chain": "3 s - 4 s - 5 s",
    "end of the video with its time": "5 s to the end of the video (12 s)",
    "between a and b": "between 5 and 12",
    "from a to b, in Romance languages": "de 5 a 12 segundos",
    "from a to b": "from 5 to 12",
    "a to b": "5 - 12",
    "from a ... to b": "from 5 s, when he enters, to 12 s",
    "counts in brackets": "[5, 12] pixels",
    "both in brackets, unit": "[5, 12] minutes",
    "both in brackets": "[5, 12]",
    "list of pairs": "[(5, 12), (20, 30)]",
    "lists of starts and ends": "start: [5, 20], end: [12, 30]",
    "list of starts": "start: [5, 20]",
    "start and end: a, b": "start and end: 5, 12",
    "a is the start, b the end": "5 s (start), 12 s (end)",
    "a starting to b": "5 s start to 12 s",
    "start a, end b": "starts at 5 s and ends at 12 s",
    "start a, until the end": "starts at 5 s and continues until the end",
    "end b, start a": "ends at 12 s; starts at 5 s",
    "start a, lasting b": "starts at 5 s and lasts 7 s",
    "at a for b": "at 5 s for 7 s",
    "lasting b, start a": "lasts 7 s, starting at 5 s",
    "for b, from a": "for 7 s from 5.0 s",
    "at a ... until b": "at 5 s and ends at 12 s",
    "from the beginning to b": "from the start to 12 s",
    "at the beginning, end b": "at the start and ends at 12 s",
    "a to the end": "5 s to the end",
    "between a and the end": "between 5 s and the end",
    "from a onwards": "from 5 s onwards",
    "until b": "until 12 s",
    "first seconds": "first 7 seconds",
    "last seconds": "the last 7 seconds",
    "start to finish": "from start to finish",
    "whole video": "throughout the video",
    "nothing but pairs": "(5.0, 12.0), (20.0, 30.0)",
    "nothing but two times": "5.0, 12.0",
}


@pytest.mark.parametrize("name", NOTATIONS)
def test_notations(name):
    for run, seconds in RUNS[name].items():
        matching = [other for other, row in NOTATIONS.items() if compile_phrase(row.pattern).fullmatch(run)]
        assert matching == [name], run  # no run has two readings
        token = read_time(run, fps=25)
        assert (token.kind, token.seconds) == (NOTATIONS[name].kind, pytest.approx(seconds)), run


@pytest.mark.parametrize(
    "run", ["16:9", "1920x1080", "1.2.3", "7/10", "1..2", "5:75", "00:00:05:30", "1:2:3:4:5", "1" * 40]
)
def test_other_runs_are_no_times(run):
    assert read_time(run, fps=25).kind == "count"


def test_time_codes_need_a_frame_rate():
    assert read_time("00:01:05:12").kind == "count"
    assert read_time("00:01:05:12", fps=24).seconds == 65.5


@pytest.mark.parametrize("name", PHRASES)
def test_phrases(name):
    """The row is the first that matches at the first position where any does, and takes the text to its end."""
    kinds = letters(combine(lex(TEXTS[name])))
    for at in range(len(kinds)):
        for row, phrase in PHRASES.items():
            match = compile_phrase(phrase.pattern).match(kinds, at)
            if match:
                assert row == name
                assert match.end() >= len(kinds) - 1  # but a closing bracket
                return
    pytest.fail(f"nothing matches {TEXTS[name]!r}")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("five", 5),
        ("twenty-five", 25),
        ("ninety nine", 99),
        ("one hundred and twenty", 120),
        ("hundred", 100),
        ("one thousand two hundred and five", 1205),
        ("half a", 0.5),
    ],
)
def test_numerals(written, value):
    assert read_numeral(written) == value


@pytest.mark.parametrize("written", ["one two", "five twenty", "hundred hundred", "twenty ten", "thousand thousand"])
def test_words_that_are_no_number(written):
    assert read_numeral(written) is None
