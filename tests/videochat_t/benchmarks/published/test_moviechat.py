"""MovieChat-1K as a published benchmark."""

import json

import pytest

from tests.support.published import Answers, sources
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation import run_benchmark
from timesuite_jax.videochat_t.benchmarks.published.moviechat import MovieChat


def annotated(video, *pairs):
    questions = [{"question": question, "answer": answer} for question, answer in pairs]
    breakpoints = [{"time": 99, "question": "Now?", "answer": "no"}]
    return json.dumps(
        {"info": {"video_path": video, "fps": 25}, "caption": "c", "global": questions, "breakpoint": breakpoints}
    )


FILES = {
    "1.json": annotated("1.mp4", ("Is it day?", "Yes"), ("Where?", "A small room.")).encode(),
    "2.json": annotated("2.mp4", ("Who?", "")).encode(),
}


def test_answers_are_compared_by_words(tmp_path):
    model = Answers({"Is it day?": "yes.", "Where?": "In a small room, I think."})
    result = run_benchmark(MovieChat("global", sources(tmp_path, FILES, ["1.mp4"])), model, batch_size=2)
    assert list(result.predictions) == ["1.json#1.mp4.0", "1.json#1.mp4.1"]
    assert result.metrics()["exact_match"] == 0.5 and result.metrics()["contains_answer"] == 1.0
    assert result.scores.details["breakdown"]["video_length"]["under 1 min"]["contains_answer"] == 1.0
    found = result.as_json()
    assert found["exact_match (2 of 3)"] == 0.5 and found["unreadable_rows"] == 1  # an answer is missing


def test_parts_of_words_are_not_contained(tmp_path):
    model = Answers({"Is it day?": "Yesterday", "Where?": "A small roommate"})
    result = run_benchmark(MovieChat("global", sources(tmp_path, FILES, ["1.mp4"])), model, batch_size=2)
    assert result.metrics()["contains_answer"] == 0.0


def test_files_without_questions(tmp_path):
    with pytest.raises(UserError, match="has nothing to ask for moviechat: 1 row: is missing"):
        MovieChat("global", sources(tmp_path, {"a.json": b'{"global": []}'}, []))


def test_questions_at_a_breakpoint_are_about_the_video_so_far(tmp_path):
    benchmark = MovieChat("breakpoint", sources(tmp_path, FILES, ["1.mp4", "2.mp4"]))
    result = run_benchmark(benchmark, model := Answers("No."), batch_size=2)
    assert benchmark.name == "moviechat_breakpoint" and result.metrics()["exact_match"] == 1.0
    assert model.shown == [("1.mp4", (0.0, 4.0)), ("2.mp4", (0.0, 4.0))]  # frames 0 to 99 at 25 a second
    content = json.loads(FILES["1.json"])
    del content["info"]["fps"]
    with pytest.raises(UserError, match=r"nothing to ask for moviechat_breakpoint: 1 row: is missing"):
        MovieChat("breakpoint", sources(tmp_path, {"a.json": json.dumps(content).encode()}, []))
