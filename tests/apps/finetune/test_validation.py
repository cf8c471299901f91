"""Validation of rows against their videos: all bad rows are reported in one go."""

import json
import shutil

import pytest

from tests.support.shape_rows import write_rows
from timesuite_jax.apps.finetune.raw_rows import RowNumber
from timesuite_jax.apps.finetune.validation import validate
from timesuite_jax.errors import UserError

OPTIONS = {"on_bad_span": "reject", "skip_bad_rows": False, "deadline_s": 120.0, "threads": 2, "quiet": True}


@pytest.fixture(scope="module")
def videos(tmp_path_factory, tiny_corpus):
    """The videos, with a truncated one, one that is no video, a name with two suffixes and one in a folder."""
    folder = tmp_path_factory.mktemp("videos") / "videos"
    shutil.copytree(tiny_corpus / "videos", folder)
    whole = (folder / "000000.mp4").read_bytes()
    (folder / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    (folder / "text.mp4").write_text("no video")
    (folder / "twice.mp4").write_bytes(whole)
    (folder / "twice.mkv").write_bytes(whole)
    (folder / "day").mkdir()
    (folder / "day/one.mp4").write_bytes(whole)
    return folder


def test_names_of_videos(tmp_path, tiny_corpus, videos):
    names = {
        1: "./000000.mp4",
        2: "day/../000000.mp4",
        3: "day/one",
        4: "000001",
        5: str(videos / "000001.mp4"),
        6: "v_000002",
    }
    rows = write_rows(tmp_path / "rows.jsonl", tiny_corpus, change={k: {"video": name} for k, name in names.items()})
    valid = validate(rows, videos, **OPTIONS)
    assert [row.video for row in valid.rows[:6]] == [
        "000000.mp4",
        "000000.mp4",
        "day/one.mp4",
        "000001.mp4",
        "000001.mp4",
        "000002.mp4",
    ]
    assert not valid.left_out and valid.videos["day/one.mp4"] == valid.videos["000000.mp4"]


def test_names_with_decomposed_letters(tmp_path, tiny_corpus):
    """As macOS writes them; rows have composed ones, as most programs do."""
    (tmp_path / "videos").mkdir()
    shutil.copy(tiny_corpus / "videos/000000.mp4", tmp_path / "videos/cafe\u0301.mp4")
    (tmp_path / "rows.csv").write_text(
        "video,question,answer\ncaf\u00e9.mp4,When?,Now.\ncaf\u00e9,Where?,Here.\ncafe\u0301,Who?,A cat.\n"
    )
    valid = validate(tmp_path / "rows.csv", tmp_path / "videos", **OPTIONS)
    assert [row.video for row in valid.rows] == 3 * ["cafe\u0301.mp4"]


BAD = {
    1: ({"video": "day/onne.mp4"}, "line 1: video 'day/onne.mp4' does not exist in {}; did you mean 'day/one.mp4'?"),
    2: ({"video": "twice"}, "line 2: video 'twice' could be twice.mkv, twice.mp4 in {}; write one of them"),
    3: ({"video": "day\\one.mp4"}, "line 3: video 'day\\\\one.mp4' does not exist in {}; write / instead of \\"),
    4: ({"video": "cut.mp4"}, "line 4: video cut.mp4 "),
    5: ({"video": "text.mp4"}, "line 5: video text.mp4 "),
    6: ({"answer": ""}, "line 6: answer is missing; add it"),
    7: (
        {"start": 2, "end": 60, "answer": "Then."},
        "line 7: video '000002.mp4': the row's time 2 - 60 s extends beyond",
    ),
    8: (
        {"start": 3000, "end": 4000, "answer": "Then."},
        "line 8: video '000002.mp4': the row's time 3000 - 4000 s looks",
    ),
    10: (
        {"start": 50, "end": 60, "answer": "Then."},
        "line 10: video '000003.mp4': the row's time 50 - 60 s is outside",
    ),
    12: ({"video": "folder/none.mp4"}, "line 12: video 'folder/none.mp4' does not exist in {}; "),
}


def bad_rows(folder, corpus):
    return write_rows(folder / "rows.jsonl", corpus, change={line: changed for line, (changed, _) in BAD.items()})


def test_all_bad_rows_are_listed(tmp_path, tiny_corpus, videos):
    rows = bad_rows(tmp_path, tiny_corpus)
    with pytest.raises(UserError) as caught:
        validate(rows, videos, **OPTIONS)
    first, *lines = str(caught.value).splitlines()
    assert first == f"{rows}: 10 of 36 rows cannot be used; correct them, or leave them out with --skip-bad-rows:"
    for line, (_, expected) in zip(lines, BAD.values(), strict=True):
        assert line.startswith(f"  {expected.format(videos)}") and "; " in line
    assert "or give --on-bad-span clip" in lines[6] and "--on-bad-span" not in lines[8]


def test_bad_rows_are_left_out_and_counted(tmp_path, tiny_corpus, videos):
    valid = validate(bad_rows(tmp_path, tiny_corpus), videos, **{**OPTIONS, "skip_bad_rows": True})
    assert [problem.number.row for problem in valid.left_out] == list(BAD)
    assert [row.number.row for row in valid.rows] == [line for line in range(1, 37) if line not in BAD]
    assert set(valid.videos) == {row.video for row in valid.rows}


def test_a_bad_question_leaves_the_others_of_its_row(tmp_path, videos):
    """Each is one row: a missing video, a time beyond the end, a repeated question."""
    good = [{"q": f"{word}?", "a": "Now."} for word in ("When", "Where", "Who")]
    late = {"q": "Late?", "a": "Then.", "start": 50, "end": 60}
    lines = [
        {"video": "000000", "QA": [good[0], late, good[1], good[1]]},
        {"video": "absent", "QA": good},
        {"video": "000000.mp4", "QA": [good[1], good[2]]},
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, lines)))
    valid = validate(tmp_path / "rows.jsonl", videos, **{**OPTIONS, "skip_bad_rows": True})
    assert [row.number for row in valid.rows] == [RowNumber(1, 1), RowNumber(1, 3), RowNumber(3, 2)]
    bad = [RowNumber(1, 2), RowNumber(1, 4), *(RowNumber(2, one) for one in (1, 2, 3)), RowNumber(3, 1)]
    assert [problem.number for problem in valid.left_out] == bad
    with pytest.raises(UserError, match=r"6 of 9 rows cannot be used.*\n  line 1, question 2: video '000000\.mp4': "):
        validate(tmp_path / "rows.jsonl", videos, **OPTIONS)


@pytest.mark.parametrize(("rule", "left"), [("clip", [10]), ("keep", [])])
def test_rules_for_times_beyond_the_end(tmp_path, tiny_corpus, videos, rule, left):
    change = {line: BAD[line][0] for line in (7, 10)}
    rows = write_rows(tmp_path / "rows.jsonl", tiny_corpus, change=change)
    valid = validate(rows, videos, **{**OPTIONS, "on_bad_span": rule, "skip_bad_rows": True})
    assert [problem.number.row for problem in valid.left_out] == left


def test_times_as_an_answer_are_those_of_the_corpus(tmp_path, tiny_corpus, videos):
    last = validate(write_rows(tmp_path / "all.jsonl", tiny_corpus), videos, **OPTIONS).videos["000000.mp4"].duration
    (tmp_path / "rows.csv").write_text(
        f"video,question,answer,start,end\n000000,Late?,,1,{last + 0.5}\n000000,When?,,2,{last + 5}\n"
        f"000000,Where?,Here.,1,{last + 5}\n000000,Early?,,1,2\n"
    )
    valid = validate(tmp_path / "rows.csv", videos, **{**OPTIONS, "on_bad_span": "clip"})
    assert [row.answer for row in valid.rows] == [
        f"1.0 - {last:.1f} seconds.",
        f"2.0 - {last:.1f} seconds.",
        "Here.",
        "1.0 - 2.0 seconds.",
    ]


@pytest.mark.parametrize(
    ("answer", "spans", "cut"),
    [
        ("From 1.0 to 8.0 seconds.", [[1, 8]], "From 1.0 to {} seconds."),
        ("A cat jumps from 1 s to 8 s. It has 8 legs.", [[1, 8]], "A cat jumps from 1 s to {} s. It has 8 legs."),
        ("1.0 - 8.0 seconds, 1.0 - 9.0 seconds", [[1, 8], [1, 9]], "1.0 - {} seconds"),
        ("", [[1, 8], [1, 9]], "1.0 - {} seconds."),
        ("From 1.0 to 2.0 seconds, again from 3.0 to 9.0 seconds.", [[1, 2]], None),
    ],
)
def test_an_answer_in_any_words_has_the_times_as_they_are_cut(tmp_path, tiny_corpus, videos, answer, spans, cut):
    end = validate(write_rows(tmp_path / "all.jsonl", tiny_corpus), videos, **OPTIONS).videos["000000.mp4"].duration
    row = {"video": "000000.mp4", "question": "When?", "answer": answer, "spans": spans}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row))
    valid = validate(tmp_path / "rows.jsonl", videos, **{**OPTIONS, "on_bad_span": "clip"})
    expected = cut or "From 1.0 to 2.0 seconds, again from 3.0 to {} seconds."
    assert valid.rows[0].answer == expected.format(f"{end:.1f}")
    assert valid.notes == ("1 row with times that are cut to the end of the video (first: line 1)",)


def test_a_rounded_end_in_an_answer(tmp_path, tiny_corpus, videos):
    """It is cut by the rule `reject`, too."""
    end = validate(write_rows(tmp_path / "all.jsonl", tiny_corpus), videos, **OPTIONS).videos["000000.mp4"].duration
    (tmp_path / "rows.csv").write_text(
        f"video,question,answer,start,end\n000000,When?,It is from 1.0 to {end + 0.5:.1f} seconds.,1,{end + 0.5}\n"
    )
    assert validate(tmp_path / "rows.csv", videos, **OPTIONS).rows[0].answer == f"It is from 1.0 to {end:.1f} seconds."


def test_times_in_answers_that_are_not_cut_are_noted(tmp_path, videos):
    (tmp_path / "rows.csv").write_text(
        "video,question,answer,start,end\n000000,When?,From one to eight seconds.,1,8\n"
        "000000,How long?,From 1 to 8 seconds.,,\n000000,Where?,From 70 to 80 seconds.,,\n000000,Who?,1 - 2 s,,\n"
    )
    valid = validate(tmp_path / "rows.csv", videos, **{**OPTIONS, "on_bad_span": "clip"})
    assert [row.answer.split()[1] for row in valid.rows] == ["one", "1", "70", "-"]
    assert valid.notes == (
        "3 rows without start and end, but with times in the answer, which are not scored (first: line 3)",
        "1 row with times that are cut to the end of the video (first: line 2)",
        "1 row with times in the answer that are not cut to the video, because of their wording (first: line 2)",
        "2 rows without start and end, but with times in the answer beyond the end of the video (first: line 3)",
    )


def test_a_row_that_repeats_another_under_another_name_of_the_video(tmp_path, videos):
    text = "video,question,answer\n000000,When?,Now.\n./000000.mp4,When?,Now.\n000000,When?,Then.\n"
    (tmp_path / "rows.csv").write_text(text)
    with pytest.raises(UserError, match=r"1 of 3 rows .*\n  line 3: repeats line 2; remove one of them$"):
        validate(tmp_path / "rows.csv", videos, **OPTIONS)


def test_times_in_answers_are_checked_too(tmp_path, tiny_corpus, videos):
    answer = "From 1.0 to 2.0 seconds, and from 20.0 to 21.0 seconds."
    rows = write_rows(tmp_path / "rows.jsonl", tiny_corpus, change={1: {"start": 1, "end": 2, "answer": answer}})
    with pytest.raises(UserError, match=r"line 1: .*its answer's time 20 - 21 s is outside"):
        validate(rows, videos, **OPTIONS)


def test_only_bad_rows(tmp_path, videos):
    (tmp_path / "rows.csv").write_text("video,question,answer\nabsent.mp4,When?,Now.\n")
    for skip in (False, True):
        with pytest.raises(
            UserError, match=r"1 of 1 rows cannot be used; correct them:\n  line 2: video 'absent\.mp4'"
        ):
            validate(tmp_path / "rows.csv", videos, **{**OPTIONS, "skip_bad_rows": skip})


def test_a_missing_folder_of_videos(tmp_path):
    (tmp_path / "rows.csv").write_text("video,question,answer\na.mp4,When?,Now.\n")
    with pytest.raises(UserError, match="there is no folder of videos"):
        validate(tmp_path / "rows.csv", tmp_path / "absent", **OPTIONS)
