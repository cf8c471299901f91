"""Letters are read from answers to questions whose options are not known, too."""

import pytest

from timesuite_jax.data.choices.choice_answers import read_choice


@pytest.mark.parametrize(
    ("text", "options", "chosen"),
    [
        ("(F) the cup", None, (5,)),
        ("The answer is J.", None, (9,)),
        ("a red cup", None, ()),
        ("a red cup", ("a plate", "a red cup"), (1,)),
        ("C.", ("a plate", "a red cup"), ()),
        ("", None, ()),
        ("", ("yes", "no", "?"), ()),
        ("?", ("yes", "no", "?"), (2,)),
        ("It is not clear", ("yes", "no", "?"), ()),
        ("-5", ("5", "-5"), (1,)),
        ("The result is -5.", ("5", "-5"), (1,)),
        ("It is 5.", ("5", "-5"), (0,)),
        (">10", ("<10", ">10"), (1,)),
        ("10", ("<10", ">10"), ()),
        ("C++!", ("C#", "C++"), ()),
        ("a cat of no category", ("category", "cat"), ()),
    ],
)
def test_choices(text, options, chosen):
    assert read_choice(text, options) == chosen


@pytest.mark.parametrize("before", ["", "<think>The answer is D.</think>", "<think>\n(D)\n</think>\n\n"])
@pytest.mark.parametrize(
    "text",
    [
        "Answer: B\n\nThe man walks",
        "Answer: B\nExplanation: he walks.",
        "**Answer:** B\n\nHe walks.",
        "The answer is B because he walks.",
        "The correct answer is (B), as he walks.",
        "The answer is: B The man walks",
        "Option B is correct.",
        "I believe option B is correct.",
        "B is correct",
        "B The man walks",
        "B\tThe man walks",
        "B - the man walks",
        "__B__ the man walks",
        "B is wrong at first sight, but the answer is B",
        "D is not correct. B is the correct answer.",
        "D is incorrect. The answer is B.",
        "I think (B) is the best option, not D",
        "He walks: $\\boxed{B}$",
        "<answer>B</answer>",
        "<answer>\n(B) he walks\n</answer>",
        "He walks, unlike in (D). <answer>B</answer>",
    ],
)
def test_ways_of_naming_a_letter(text, before):
    assert read_choice(before + text, None) == read_choice(before + text, ("w", "x", "y", "z")) == (1,)


@pytest.mark.parametrize("text", ["Answer: A\n\nThe man walks", "The answer is A because he walks.", "A is correct."])
def test_the_letter_that_is_an_article(text):
    assert read_choice(text, None) == (0,)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "Answer: A man",
            "The answer is a blue car",
            "The answer is I think unclear",
            "Answer: B-roll",
            "Answer: b boy",
        ),
        *("I'd say so", "I\u2019m not sure", "I see", "A man", "B and C", "D is not correct", "D isn't right"),
    ],
)
def test_words_that_are_no_letter(text):
    assert read_choice(text, None) == ()


def test_a_contraction_is_no_letter():
    assert read_choice("I'd say B", None) != (8,)


@pytest.mark.parametrize("opening", ["answer:", "answer is", "the option", "", "B is"])
@pytest.mark.parametrize("filling", [" ", "(", "\n", "` "])
def test_long_repetitions_take_linear_time(opening, filling):
    """Models repeat themselves; with a power of their length this would not end."""
    assert read_choice(opening + filling * 20_000 + "x", None) in ((), (1,))
