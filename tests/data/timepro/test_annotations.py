"""Annotation files, valid and invalid."""

import gzip
import json

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
    assert first.spans.spans == ((0.5, 2.5),) and first.clip is None and first.task == GROUNDING
    assert second.clip == (1.0, 2.5) and second.spans.spans == ((0.0, 1.0),) and second.task == "step_localization"
    assert third.turns[0].instruction == "Look." and third.turns[1].answer == "c" and third.spans.spans == ()


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
        entry(spans=[[2, True]]),
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
        ('{"video": "a.mp4", "QA": []}\n{"video": }\n', "line 2 is not JSON .* one JSON object a line"),
        ('"a"\n"b"\n', "is not JSON .*; download"),
        ('{"a": []}', "JSON object, not a list"),
        ("[]", "no records"),
        ("[" * 5000, "is not JSON .*; download"),
    ],
)
def test_files_that_are_not_annotations_are_errors(content, problem, tmp_path):
    with pytest.raises(UserError, match=problem):
        read_annotations(write(tmp_path, content), GROUNDING)


@pytest.mark.parametrize("text", [json.dumps([entry()] * 2), json.dumps(entry()) + "\n" + json.dumps(entry())])
@pytest.mark.parametrize("name", ["a.json.gz", "a.jsonl.gz", "a.json"])
def test_a_file_compressed_with_gzip_is_read(tmp_path, name, text):
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()))
    assert len(read_annotations(path, GROUNDING)) == 2
    path.write_bytes(gzip.compress(text.encode())[:-10])
    with pytest.raises(UserError, match="is compressed with gzip and damaged"):
        read_annotations(path, GROUNDING)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "a Git LFS pointer"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"BZh91AY&SY", "compressed with bzip2"),
    ],
)
def test_files_of_other_kinds_are_named(tmp_path, content, kind):
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match=kind):
        read_annotations(path, GROUNDING)


def test_a_missing_file_and_an_unknown_task_are_errors(tmp_path):
    with pytest.raises(UserError, match="no annotation file"):
        read_annotations(tmp_path / "none.json", GROUNDING)
    with pytest.raises(UserError, match=r"unknown task 'tvg'; known: temporal_video_grounding"):
        read_annotations(write(tmp_path, [entry()]), "tvg")


@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
@pytest.mark.parametrize("count", [1, 3])
def test_json_lines(tmp_path, end, count):
    """Separated by line feeds alone: other separators of Unicode may be part of a text."""
    rows = [entry(QA=[{"q": f"{n}\u2028?", "a": "1.0 - 3.5 seconds"}]) for n in range(count)]
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + end
    found = read_annotations(write(tmp_path, text), GROUNDING)
    assert [one.turns[0].question for one in found] == [f"{n}\u2028?" for n in range(count)]
    assert found[-1].spans.spans == ((1.0, 3.5),)


def test_spans_by_question(tmp_path):
    asked = [{"q": "a?", "a": "1.0 - 3.5 seconds"}, {"q": "b?", "a": "2.0 - 3.0 seconds", "spans": [[5, 6], [2, 3]]}]
    (own,) = read_annotations(write(tmp_path, [entry(QA=asked)]), GROUNDING)
    assert own.spans.spans == ((1.0, 3.5), (5.0, 6.0), (2.0, 3.0)) and own.spans.owners == (0, 1, 1)
    assert not own.spans.missing and own.spans.written == ()
    (other,) = read_annotations(write(tmp_path, [entry(QA=asked, task="question_answering")]), GROUNDING)
    assert other.spans.owners == (1, 1)
    with pytest.raises(UserError, match="given for the record and in QA"):
        read_annotations(write(tmp_path, [entry(QA=asked, spans=[[1, 2]])]), GROUNDING)


def test_times_in_answers_that_are_no_true_spans_are_found(tmp_path):
    steps = entry(task="step_localization", QA=[{"q": "?", "a": "1.0 - 3.5 seconds, open. 4.0 - 5.0 seconds, close."}])
    explicit = entry(spans=[[0.5, 2.5]])
    first, second = read_annotations(write(tmp_path, [steps, explicit]), GROUNDING)
    assert first.spans.written == ((1.0, 3.5), (4.0, 5.0)) and first.spans.spans == ()
    assert second.spans.written == ()
