"""Plans and corpora: annotations keep every row, and a video that changes after validation is found."""

import dataclasses
import json
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from tests.support.shape_rows import write_rows
from timesuite_jax.apps.finetune.annotations import QUESTIONS_PER_RECORD, make_annotations
from timesuite_jax.apps.finetune.corpora import build_corpora, corpus_folder
from timesuite_jax.apps.finetune.pipeline import show_plan
from timesuite_jax.apps.finetune.plan import Plan, find_plan, make_plan
from timesuite_jax.apps.finetune.raw_rows import RowNumber, RowProblem
from timesuite_jax.apps.finetune.rows import Row
from timesuite_jax.apps.finetune.spec import FinetuneSpec
from timesuite_jax.data.corpora import read_info
from timesuite_jax.errors import UserError
from timesuite_jax.storage.remote_path import to_path

spans = st.sampled_from([(), ((1.0, 2.0),), ((1.0, 2.0), (3.0, 4.5))])
numbers = st.builds(RowNumber, st.integers(1), st.integers(0))
rows = st.lists(st.builds(Row, numbers, st.sampled_from("abc"), st.text("q?"), st.text("a."), spans))


@given(rows, st.sets(st.sampled_from("abc")))
def test_annotations_keep_every_row_of_their_videos(rows, videos):
    entries = make_annotations(rows, videos)
    found = [
        (number, entry["video"], pair["q"], pair["a"], tuple(map(tuple, pair["spans"])))
        for entry in entries
        for pair, number in zip(entry["QA"], entry["rows"], strict=True)
    ]
    for video in "abc":
        of_video = [row for row in rows if row.video == video and video in videos]
        assert [row for row in found if row[1] == video] == [
            (str(row.number), video, row.question, row.answer, row.spans) for row in of_video
        ]
    for entry in entries:
        assert 1 <= len(entry["QA"]) <= QUESTIONS_PER_RECORD
        timed = all(pair["spans"] for pair in entry["QA"])
        assert entry["task"] == ("temporal_video_grounding" if timed else "question_answering")


@pytest.fixture
def spec(tmp_path, tiny_corpus):
    shutil.copytree(tiny_corpus / "videos", tmp_path / "videos")
    file = write_rows(tmp_path / "rows.jsonl", tiny_corpus)
    return FinetuneSpec(to_path(file), to_path(tmp_path / "videos"), tmp_path / "run")


def test_a_plan_is_read_as_it_was_made(spec):
    assert find_plan(spec) is None
    plan = make_plan(spec, quiet=True)
    assert find_plan(spec) == plan and plan.videos == {"train": 11, "held_out": 1} and sum(plan.rows.values()) == 36


def test_a_video_that_changes_after_validation_is_reported(spec):
    plan = make_plan(spec, quiet=True)
    entry, *_ = json.loads((spec.workdir / "annotations/train.json").read_text())
    (spec.videos / entry["video"]).write_bytes(b"no video")
    with pytest.raises(UserError) as caught:
        build_corpora(spec, plan, print, quiet=True)
    message = str(caught.value)
    assert "1 record was rejected that was valid before" in message and "--skip-bad-rows" in message
    assert f"rows {'; '.join(entry['rows'])}: {entry['video']}: " in message
    assert not corpus_folder(spec.workdir, "train").exists()


def test_videos_stored_as_frames(spec):
    spec = FinetuneSpec(spec.rows, spec.videos, spec.workdir, frames=4, held_out=0)
    build_corpora(spec, make_plan(spec, quiet=True), print, quiet=True)
    assert len(read_info(corpus_folder(spec.workdir, "train"))) == 12


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"settings": {}, "plan": 3}'])
def test_a_damaged_plan(spec, content):
    spec.workdir.mkdir()
    (spec.workdir / "finetune.json").write_text(content)
    with pytest.raises(UserError, match=r"finetune\.json is damaged; give another --workdir or remove it"):
        find_plan(spec)


def test_folders_that_cannot_be_written_are_found_before_rows_are_read(tmp_path, spec):
    (tmp_path / "file").write_text("x")
    spec = FinetuneSpec(to_path(tmp_path / "absent"), spec.videos, tmp_path / "file/run")
    with pytest.raises(UserError, match="is not a folder that can be written to; choose another"):
        make_plan(spec, quiet=True)


def test_the_command_has_all_settings_that_are_not_defaults(spec):
    assert spec.command()[0] == "finetune" and len(spec.command()) == 6
    other = FinetuneSpec(
        spec.rows,
        spec.videos,
        spec.workdir,
        ("a", "b=c"),
        0.25,
        seed=3,
        on_bad_span="clip",
        skip_bad_rows=True,
        frames=8,
        deadline_s=9.0,
        threads=1,
        config="x.py",
        overrides=("--config.a=1",),
    )
    words = "--weights a --weights b=c --held-out 0.25 --seed 3 --on-bad-span clip --skip-bad-rows --frames 8"
    assert other.command()[6:] == f"{words} --deadline 9.0 --threads 1 --config x.py --config.a=1".split()


def test_a_changed_file_of_rows_is_described_by_its_first_line(spec):
    make_plan(spec, quiet=True)
    for name in ("a.jsonl", "z.jsonl"):  # of starts that were interrupted before they had a plan
        (spec.workdir / "rows" / name).write_text("other rows")
    text = spec.rows.read_text()
    kept = spec.workdir / "rows/rows.jsonl"
    assert kept.read_text() == text
    lines = text.splitlines(keepends=True)
    for changed, expected in (
        (text + "{}\n", "line 37 was absent and is '{}'"),
        ("".join(lines[:35]), "line 36 was '{"),
        ("".join([*lines[:4], "x\n", *lines[5:]]), "line 5 was '{"),
        (text.replace("\n", "\r\n"), "its line ends or its compression differ"),
    ):
        spec.rows.write_bytes(changed.encode())
        with pytest.raises(UserError) as caught:
            find_plan(spec)
        message = str(caught.value)
        assert message.startswith(f"{spec.rows} is not the file that {spec.workdir} was started with: {expected}")
        assert message.endswith(f"give another --workdir for the new rows, or restore it from {kept}")
    shutil.copy(kept, spec.rows)
    assert find_plan(spec) is not None  # the remedy


def test_bad_questions_are_counted_once(spec, capsys):
    """A line may have several questions, and a question several problems."""
    first, second = RowNumber(3, 1), RowNumber(3, 2)
    problems = tuple(RowProblem(number, "answer is missing") for number in (first, first, second))
    show_plan(Plan({"train": 1}, {"train": 1, "held_out": 0}, problems, ()), Console(soft_wrap=True))
    assert capsys.readouterr().out.splitlines()[:3] == [
        "1 row for train; 1 video to train on, 0 held out",
        "left out: 2 bad rows, for example:",
        "  row 3, question 1: answer is missing",
    ]


def test_a_plan_keeps_the_rows_that_are_left_out(spec):
    lines = spec.rows.read_text().splitlines()
    pair = {"q": "When?", "a": "Now."}
    lines.append(
        json.dumps({"video": "000000.mp4", "QA": [pair, {**pair, "start": 5, "end": 60}, {**pair, "q": "Who?"}]})
    )
    spec.rows.write_text("\n".join(lines))
    plan = make_plan(dataclasses.replace(spec, skip_bad_rows=True), quiet=True)
    assert [number for number, _ in plan.left_out] == [RowNumber(37, 2)] and sum(plan.rows.values()) == 38
    assert find_plan(dataclasses.replace(spec, skip_bad_rows=True)) == plan
