"""Published multiple-choice benchmarks on files of each of their formats."""

import json

import pytest

from tests.support.choice_samples import CHOICE_SAMPLES, parquet_file
from tests.support.published import Answers, sources
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation import run_benchmark
from timesuite_jax.videochat_t.answering.requirements import Requirements
from timesuite_jax.videochat_t.benchmarks.published.choices.benchmark import PublishedChoice
from timesuite_jax.videochat_t.benchmarks.published.choices.egoschema import EGOSCHEMA
from timesuite_jax.videochat_t.benchmarks.published.choices.group_scores import UNREAD, group_score
from timesuite_jax.videochat_t.benchmarks.published.choices.longvideobench import LONGVIDEOBENCH
from timesuite_jax.videochat_t.benchmarks.published.choices.mlvu import MLVU
from timesuite_jax.videochat_t.benchmarks.published.choices.mvbench import MVBENCH
from timesuite_jax.videochat_t.benchmarks.published.choices.video_mme import VIDEO_MME
from timesuite_jax.videochat_t.benchmarks.published.choices.video_mme_v2 import VIDEO_MME_V2

SETS = [
    (EGOSCHEMA, "u2.mp4", "D", None),
    (VIDEO_MME, "yt1.mp4", "B", None),
    (VIDEO_MME_V2, "007.mp4", "H", None),
    (MVBENCH, "star/Charades_v1_480/x.mp4", "B", (1.0, 9.0)),
    (LONGVIDEOBENCH, "v.mp4", "C", None),
    (MLVU, "4_count/c.mp4", "B", None),
]


def of(one, folder, protocol="default", videos=(), **files):
    content = {**CHOICE_SAMPLES[one.name], **files}
    return PublishedChoice(one, sources(folder, content, videos), protocol=protocol)


@pytest.mark.parametrize(("one", "video", "letter", "clip"), SETS, ids=lambda value: getattr(value, "name", ""))
@pytest.mark.parametrize("protocol", ["default", "paper"])
def test_right_and_wrong_answers(tmp_path, one, video, letter, clip, protocol):
    for answer, accuracy in ((f"{letter})", 1.0), (f"{'A' if letter != 'A' else 'B'})", 0.0)):
        benchmark = of(one, tmp_path, protocol, [video])
        result = run_benchmark(benchmark, model := Answers(answer), batch_size=2)
        metrics = result.metrics()
        assert metrics["accuracy"] == accuracy and metrics["parse_failures"] == 0.0
        assert (video.rpartition("/")[2], clip) in model.shown
        if one is not MVBENCH:  # of which one task has no video
            assert not result.dropped
    assert model.asked[0].answer_prompt == (one.paper.answer_prompt if protocol == "paper" else "")
    assert result.settings["benchmark.answers"] == (one.paper if protocol == "paper" else one.default).reader


def test_the_questions_character_by_character(tmp_path):
    default, paper = (of(VIDEO_MME, tmp_path, protocol, ["yt1.mp4"]) for protocol in ("default", "paper"))
    (example,) = default.examples()
    asked = "Question: When?\nOptions:\n(A) Now\n(B) Later\nOnly give the best option."
    assert default.prompt(example).turn.question == asked and default.requirements == Requirements()
    prompt = paper.prompt(example)
    instruction = prompt.turn.question.removesuffix(asked)
    assert instruction.startswith("Carefully watch") and instruction.endswith("addresses the question.\n")
    assert prompt.answer_prompt == "Best option:(" and paper.requirements == Requirements(256, each_second=True)
    assert prompt.layout.opening == instruction + "[INST]{video} [/INST]"


def test_categories_and_videos_of_mvbench(tmp_path):
    """Videos of one name are in a folder for each task; a task without its video has no score."""
    videos = ["star/Charades_v1_480/x.mp4", "perception/videos/x.mp4"]
    result = run_benchmark(of(MVBENCH, tmp_path, videos=videos), model := Answers("A"), batch_size=1)
    metrics = result.metrics()
    assert metrics["accuracy"] == 0.5 and metrics["accuracy_action_sequence"] == 0.0
    assert metrics["accuracy_action_count"] == 1.0 and len({one.record.path for one in model.asked}) == 2
    assert result.as_json()["accuracy (2 of 2, no official split)"] == 0.5


def test_a_folder_of_annotation_files(tmp_path):
    files = sources(tmp_path, CHOICE_SAMPLES["mvbench"], [])
    folder = type(files)((tmp_path,), files.videos)
    (tmp_path / "notes.txt").write_text("no annotations")
    assert len(PublishedChoice(MVBENCH, folder).examples()) == 2
    with pytest.raises(UserError, match=r"the folder .* has no annotation file"):
        PublishedChoice(MVBENCH, type(files)((files.videos,), files.videos))


def test_tasks_of_mlvu(tmp_path):
    """Tasks have equal weight in their mean; those without options are excluded, also from the official number."""
    row = {"video": "c.mp4", "question": "How many?", "candidates": ["1", "2"], "question_type": "count", "answer": "2"}
    order = {**row, "question_type": "order", "answer": "1"}
    summary = [{"video": "s.mp4", "question": "Summarize.", "answer": "A man walks.", "question_type": "summary"}]
    tasks = {"4_count": [row] * 3, "5_order": [order], "8_sub_scene": summary * 2, "9_summary": summary}
    files = {f"{name}.json": json.dumps(rows).encode() for name, rows in tasks.items()}
    given = sources(tmp_path, files, ["4_count/c.mp4", "5_order/c.mp4"])
    result = run_benchmark(PublishedChoice(MLVU, given, protocol="paper"), Answers("B) 2"), batch_size=4)
    assert result.metrics()["accuracy"] == 0.75 and result.metrics()["task_mean_accuracy"] == 0.5
    found = result.as_json()
    assert found["task_mean_accuracy"] == 0.5 and found["unreadable_rows"] == 0
    assert found["excluded_rows"] == 3
    assert found["reasons_of_excluded_rows"].startswith("2 rows: 8_sub_scene is a task without options; 1 row: 9_summ")
    with pytest.raises(UserError, match="nothing to ask for mlvu: 1 row: 9_summary is a task without options"):
        PublishedChoice(MLVU, type(given)((tmp_path / "9_summary.json",), given.videos))


def test_english_groups_without_levels_of_video_mme_v2(tmp_path):
    row = {"video_id": "7", "question": "Which?", "options": [*"stuvwxyz"], "answer": "H", "level": None}
    logic = {**row, "group_type": "logic", "group_structure": "[1,2,3,4]"}
    rows = [row | {"group_type": "relevance", "group_structure": None}] * 4 + [logic] * 4
    file = parquet_file(*({**one, "question_id": f"{number}"} for number, one in enumerate(rows)))
    benchmark = PublishedChoice(VIDEO_MME_V2, sources(tmp_path, {"test.parquet": file}, ["007.mp4"]))
    assert [one.structure for one in benchmark.examples()] == ["relevance"] * 4 + ["[1,2,3,4]"] * 4
    kinds = {"accuracy_relevance", "accuracy_logic"}
    assert set(benchmark.metric_names) == {"accuracy", "parse_failures", "group_score", *kinds}
    assert run_benchmark(benchmark, Answers("H"), batch_size=8).metrics()["group_score"] == 1.0


def test_without_the_answers_of_the_subset_all_of_egoschema_is_asked(tmp_path):
    del (files := dict(CHOICE_SAMPLES["egoschema"]))["subset_answers.json"]
    benchmark = PublishedChoice(EGOSCHEMA, sources(tmp_path, files, ["u1.mp4", "u2.mp4"]))
    result = run_benchmark(benchmark, Answers("A"), batch_size=2)
    assert result.metrics()["n"] == 2 and result.as_json()["questions_without_published_answer"] == 2
    assert result.metrics()["accuracy"] != result.metrics()["accuracy"]  # NaN
    assert [one.chosen for one in result.predictions.values()] == [(0,), (0,)]


def test_json_of_video_mme_has_a_row_a_video(tmp_path):
    question = {"task_type": "t", "question": "When?", "options": ["A. x", "B. y"]}
    questions = [{**question, "question_id": f"1-{number}", "answer": "AB"[number]} for number in range(2)]
    rows = json.dumps([{"videoID": "yt1", "duration": "long", "questions": questions}]).encode()
    benchmark = PublishedChoice(VIDEO_MME, sources(tmp_path, {"mme.json": rows}, ["yt1.mp4"]))
    metrics = run_benchmark(benchmark, Answers("B"), batch_size=1).metrics()
    assert metrics["accuracy"] == metrics["accuracy_long"] == 0.5


def test_wrong_rows_are_counted(tmp_path):
    (row,) = json.loads(CHOICE_SAMPLES["longvideobench"]["lvb_val.json"])
    wrong = [{**row, "id": "w1", "correct_choice": 3}, {**row, "id": "w2", "candidates": ["x"]}, 7]
    files = {"lvb_val.json": json.dumps([row, *wrong]).encode()}
    benchmark = PublishedChoice(LONGVIDEOBENCH, sources(tmp_path, files, ["v.mp4"]))
    found = run_benchmark(benchmark, Answers("C"), batch_size=1).as_json()
    assert found["unreadable_rows"] == 3 and found["accuracy (1 of 4, no official split)"] == 1.0
    assert "not a number from 0 to 2" in found["reasons_of_unreadable_rows"]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"lvb_val.json": b"[]"}, "contains no records"),
        ({"lvb_val.parquet": b"PAR1"}, "cannot be read as Parquet"),
        ({"lvb_val.txt": b"a, b\n"}, "is neither JSON nor Parquet"),
        ({"lvb_val.json": b'[{"id": "x"}]'}, "has nothing to ask for longvideobench: 1 row: is missing"),
    ],
)
def test_files_that_cannot_be_used(tmp_path, files, expected):
    with pytest.raises(UserError, match=expected):
        PublishedChoice(LONGVIDEOBENCH, sources(tmp_path, files, []))


@pytest.mark.parametrize(
    ("structure", "right", "score"),
    [
        ("relevance", "0110", 4 / 16),
        ("relevance", "1111", 1.0),
        ("[1,2,3,4]", "1101", 4 / 16),
        ("[1,2,3,4]", "0111", 0.0),
        ("[1,[2,3],4]", "1010", 4 / 12),
        ("[1,[2,3],4]", "1100", 4 / 12),
        ("[1,[2,3],4]", "1110", 7 / 12),
        ("[1,[2,3],4]", "1011", 4 / 12),
        ("[[1,2],3,4]", "0111", 1 / 10),
        ("[[1,2],3,4]", "1100", 2 / 10),
        ("[[1,2],3,4]", "1111", 1.0),
        ("relevance", "111-", 4 / 16),  # the evaluation subtracts an answer without a letter,
        ("relevance", "0--1", 0.0),
        ("[1,2,3,4]", "1-01", 4 / 16),  # or takes it for right
        ("[1,[2,3],4]", "10-0", 4 / 12),
        ("[1,2]", "1111", None),
        ("relevance", "111", None),
    ],
)
def test_scores_of_groups(structure, right, score):
    values = {"0": 0, "1": 1, "-": UNREAD}
    assert group_score([values[letter] for letter in right], structure) == score


def test_group_scores_of_a_benchmark(tmp_path):
    result = run_benchmark(of(VIDEO_MME_V2, tmp_path, videos=["007.mp4"]), Answers("H"), batch_size=3)
    assert result.metrics()["group_score"] == result.metrics()["accuracy_level_2"] == 1.0
    assert result.scores.per_example["group_score"][:3].tolist() != [1.0] * 3


def test_group_scores_by_category_and_answers_without_a_letter(tmp_path):
    row = {"video_id": "7", "question": "Which?", "options": [*"stuvwxyz"], "level": 1, "second_head": "Reasoning"}
    logic = {**row, "group_type": "logic", "group_structure": "[1,2,3,4]"}
    rows = [{**logic, "question_id": str(number), "answer": "H"} for number in range(4)]
    given = sources(tmp_path, {"test.parquet": parquet_file(*rows)}, ["007.mp4"])
    scores = {}
    for protocol in ("default", "paper"):
        benchmark = PublishedChoice(VIDEO_MME_V2, given, protocol=protocol)
        result = run_benchmark(benchmark, Answers("nothing"), batch_size=4)
        scores[protocol] = result.metrics()["group_score"]
        parts = result.scores.details["breakdown"]["category"]
        assert set(parts) == {"level 1", "logic", "Reasoning"}
        assert parts["logic"] == {"n": 4, "accuracy": 0.0, "parse_failures": 1.0, "group_score": scores[protocol]}
    assert scores == {"default": 0.0, "paper": 1.0}  # as published: four answers without a letter score all points
