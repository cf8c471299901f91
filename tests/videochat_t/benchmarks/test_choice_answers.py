"""Which option an answer chooses."""

import pytest

from timesuite_jax.videochat_t.benchmarks.choice_answers import CHOICE_READERS

OPTIONS = ("A red ball.", "A dark red ball", "He sits", "Both")


@pytest.mark.parametrize(
    ("reader", "text", "chosen"),
    [
        ("choice", "B", "B"),
        ("choice", "(b) A dark red ball", "B"),
        ("choice", "**C**", "C"),
        ("choice", "D.", "D"),
        ("choice", "Option C: he sits.", "C"),
        ("choice", "Answer: (C) He sits", "C"),
        ("choice", "The correct answer is D", "D"),
        ("choice", "First I thought the answer is A, but the answer is B.", "B"),
        ("choice", "<think>The answer is A.</think>B", "B"),
        ("choice", "Since he moves, (C) fits.", "C"),
        ("choice", "A red ball", "A"),
        ("choice", "a dark red ball!", "B"),
        ("choice", "It shows a dark red ball rolling.", "B"),
        ("choice", "A man walks.", ""),  # an article, no letter
        ("choice", "The answer is a man", ""),
        ("choice", "(A) or (B)", "A"),
        ("choice", "It is (A), or it is (B).", ""),
        ("choice", "E", ""),  # no such option
        ("choice", "", ""),
        ("original_mvbench", "C) He sits\nsince", "C"),
        ("original_mvbench", "c", "C"),
        ("original_mvbench", "", "ABCD"),  # "(" is a part of every mark
        ("original_mvbench", "He sits", ""),
        ("original_egoschema", "C) He sits", "C"),
        ("original_egoschema", "x) dark red ball", "AB"),  # "red ball" is a text without its article
        ("original_egoschema", "x) both", "D"),
        ("original_egoschema", "A) he sits", "AC"),
        ("original_mlvu", "C) He sits (D)", "C"),
        ("original_mlvu", "He sits, C)", "C"),
        ("original_mlvu", "D\n", "D"),
        ("original_mlvu", "D He sits", ""),
        ("original_mlvu", "d)", ""),
        ("original_mlvu", ") A", ""),
        ("original_mlvu", "", ""),
        ("next_letter", " B) dark", "B"),
        ("next_letter", "b)", ""),
        ("next_letter", "", ""),
        ("first_capital", "The best answer is B.", "B"),
        ("first_capital", "the ball (C)", "C"),
        ("first_capital", "none", ""),
    ],
)
def test_choices(reader, text, chosen):
    assert "".join("ABCD"[number] for number in CHOICE_READERS[reader](text, OPTIONS)) == chosen
