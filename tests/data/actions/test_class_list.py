"""Lists of classes."""

import pytest

from timesuite_jax.data.actions.class_list import read_class_list
from timesuite_jax.errors import UserError


@pytest.mark.parametrize(
    "content",
    [
        "run\nhigh jump\nyoga\n",
        "\ufeffrun\r\nhigh  jump\r\n\r\nyoga",
        "1 run\n2 high jump\n3 yoga\n",
        "id,name\n0,run\n1,high jump\n2,yoga\n",
        "yoga,2\nrun,0\nhigh jump,1\n",
        '["run", "high jump", "yoga"]',
        '{"yoga": "2", "run": "0", "high jump": 1}',
    ],
)
def test_forms(content, tmp_path):
    (tmp_path / "classes").write_text(content, encoding="utf-8")
    assert read_class_list(tmp_path / "classes") == ("run", "high jump", "yoga")


def test_names_with_commas_and_numbers(tmp_path):
    (tmp_path / "classes").write_text("Lifting up, then down\nCounting to 3\n4 square\n")
    assert read_class_list(tmp_path / "classes") == ("Lifting up, then down", "Counting to 3", "4 square")


@pytest.mark.parametrize(
    "content, problem",
    [
        (b"", "has no classes"),
        (b"0,a\n2,b\n", "numbers 2 classes 0 to 2, with gaps"),
        (b"2 a\n3 b\n", "numbers 2 classes 2 to 3, with gaps"),
        (b"a\nb\na\n", "has the class 'a' twice"),
        (b'{"a": 0, "b": "x"}', "is not a list of classes; give a JSON list of names"),
        (b'{"a": 0, "b": 0}', "has the number 0 twice"),
        (b"1 jump\nrun\n", "'1 jump' is numbered, but not all lines are"),
        (b"jump\n1,run\n", "'1,run' is numbered, but not all lines are"),
        (b'["a", 3]', "is not a list of classes"),
        (b'["a", ""]', "has a class without a name"),
        (b"\xff\xfe\xff", "is not a text in UTF-8"),
    ],
)
def test_wrong_lists_are_errors(content, problem, tmp_path):
    (tmp_path / "classes").write_bytes(content)
    with pytest.raises(UserError, match=problem):
        read_class_list(tmp_path / "classes")
    with pytest.raises(UserError, match=r"no list of classes .*absent; check the path"):
        read_class_list(tmp_path / "absent")
