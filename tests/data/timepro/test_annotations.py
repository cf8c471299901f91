"""Annotation files, valid and invalid."""

import pytest

from tests.support.annotations import GROUNDING, entry, write
from timesuite_jax.data.timepro import read_annotations
from timesuite_jax.errors import UserError


def test_fields(tmp_path):
    path = write(
        tmp_path,
        [
            entry(),
            entry(start=1, end=2.5, spans=[[0, 1]], task="step_localization"),
            entry(QA=[{"i": "Look.", "q": "a?", "a": "b"}, {"q": "", "a": "c"}], task="conversation"),
        ],
    )
    first, second, third = read_annotations(path, GROUNDING)
    assert first.spans == ((0.5, 2.5),) and first.clip is None and first.task == GROUNDING
    assert second.clip == (1.0, 2.5) and second.spans == ((0.0, 1.0),) and second.task == "step_localization"
    assert third.turns[0].instruction == "Look." and third.turns[1].answer == "c" and third.spans == ()


def test_all_wrong_fields_are_listed_at_once(tmp_path):
    wrong = [
        "text",
        {"QA": [{"q": "a", "a": "b"}]},
        entry(video=3),
        entry(QA=[]),
        entry(QA=[{"q": "a"}, {"q": 1, "a": "b"}, {"q": "a", "a": " "}]),
        entry(start=3, end=2),
        entry(end=2),
        entry(start=True, end=2),
        entry(spans=[[2, 1]]),
        entry(spans={"a": 1}),
        entry(task="grounding"),
        entry(task=["conversation"]),
        entry(video="a\0.mp4"),
        entry(QA=[{"q": "a \ud800", "a": "b"}]),
        entry(),
    ]
    with pytest.raises(UserError) as caught:
        read_annotations(write(tmp_path, wrong), GROUNDING)
    message = str(caught.value)
    for part in (
        "annotations.json has 16 wrong fields",
        "record 0, record: is a string, not an object",
        "record 1, video: is missing",
        "record 2, video: is 3, not a path",
        "record 3, QA: is missing or empty",
        "record 4, QA[0].a: is missing",
        "record 4, QA[1].q: is 1",
        "record 4, QA[2].a: is ' '",
        "record 5, start and end: is [3, 2], not two seconds in order",
        "and 6 more; correct the file",
    ):
        assert part in message, part


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("../../../../.cache/blobs/36470518c0a555bb", "only a path .*symbolic link; download"),
        ('[{"video": "a.mp4"}, f', "is not JSON .*; download"),
        ('{"a": []}', "JSON object, not a list"),
        ("[]", "no records"),
        ("[" * 5000, "is not JSON .*; download"),
    ],
)
def test_files_that_are_not_annotations_are_errors(content, problem, tmp_path):
    with pytest.raises(UserError, match=problem):
        read_annotations(write(tmp_path, content), GROUNDING)


def test_a_missing_file_and_an_unknown_task_are_errors(tmp_path):
    with pytest.raises(UserError, match="no annotation file"):
        read_annotations(tmp_path / "none.json", GROUNDING)
    with pytest.raises(UserError, match=r"unknown task 'tvg'; known: temporal_video_grounding"):
        read_annotations(write(tmp_path, [entry()]), "tvg")
