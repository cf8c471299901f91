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
    ],
)
def test_choices(text, options, chosen):
    assert read_choice(text, options) == chosen
