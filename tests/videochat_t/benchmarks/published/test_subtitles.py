"""Multiple-choice benchmarks with subtitles."""

import json

import pytest

from tests.support.choice_samples import CHOICE_SAMPLES
from tests.support.published import Answers, sources
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation import run_benchmark
from timesuite_jax.text import as_prompt
from timesuite_jax.text.conversation_text import render
from timesuite_jax.videochat_t.benchmarks.published.table import PUBLISHED

SRT = """1
00:00:01,000 --> 00:00:02,500
<font color="white" size=".72c">Hello there</font>

2
00:00:30,000 --> 00:00:31,000
<font color="white" size=".72c">General</font>
Kenobi
"""
QUESTION = "Question: When?\nOptions:\n(A) Now\n(B) Later\nOnly give the best option."


class Words:
    """A tokenizer of words."""

    def encode(self, text):
        return text.split(" ")

    def decode(self, ids):
        return " ".join(ids)


def video_mme(folder, protocol, srt=SRT):
    files = sources(folder, CHOICE_SAMPLES["video_mme"], ["data/yt1.mp4"])
    if srt is not None:
        (folder / "videos/subtitle").mkdir()
        (folder / "videos/subtitle/yt1.srt").write_text(srt)
    return PUBLISHED["video_mme_subtitles"](files, protocol=protocol)


def shown(benchmark, seconds):
    """The prompt with its subtitles at some frames."""
    prompt = benchmark.prompt(benchmark.examples()[0])
    return prompt, prompt.subtitles.insert(prompt.turn, seconds, Words())


def test_subtitles_at_the_frames_come_before_the_question(tmp_path):
    benchmark = video_mme(tmp_path, "default")
    heading = "This video's subtitles are listed below:\n"
    assert shown(benchmark, [0.5, 2.0, 31.0])[1].question == f"{heading}Hello there\n{QUESTION}"
    assert shown(benchmark, [1.0, 30.0])[1].question == f"{heading}Hello there\nGeneral Kenobi\n{QUESTION}"
    assert shown(benchmark, [2.5, 50.0])[1].question == QUESTION
    result = run_benchmark(benchmark, Answers("B"), batch_size=1)
    assert result.metrics()["accuracy"] == 1.0 and result.scores.details["questions_without_subtitles"] == 0
    assert result.settings["benchmark.subtitles"]["rule"] == "at_frames"
    assert benchmark.requirements.extra_tokens > 2048


def test_all_subtitles_come_before_the_video_under_paper(tmp_path):
    prompt, turn = shown(video_mme(tmp_path, "paper"), [50.0])
    before, after, _ = render(
        as_prompt([turn]), layout=prompt.layout, times="The video.", answer_prompt="Best option:("
    )
    assert before.startswith("Carefully watch the video, read the related subtitles and pay attention")
    assert before.endswith(
        "question.\n[INST] This video's subtitles are listed below: Hello there General Kenobi\n<Video>"
    )
    assert after.startswith("</Video> [/INST] [INST] The video. Carefully watch the video, read the related")


def test_long_subtitles_keep_their_first_and_last_halves(tmp_path):
    cues = "".join(f"{n}\n00:00:{n % 60:02d},000 --> 00:00:{n % 60:02d},500\nword{n}\n\n" for n in range(9000))
    turn = shown(video_mme(tmp_path, "paper", cues), [])[1]
    words = turn.instruction.removeprefix("This video's subtitles are listed below: ").split(" ")
    assert words[:2] == ["word0", "word1"] and words[4096] == "..." and words[4095] == "word4095"
    assert words[4097] == "word4904" and words[-1] == "word8999" and len(words) == 8193


def test_videos_without_subtitles(tmp_path):
    with pytest.raises(UserError, match=r"has no file of subtitles such as yt1\.srt.*or choose video_mme$"):
        video_mme(tmp_path, "default", srt=None)
    row = json.loads(json.dumps([{"id": "other", "videoID": "yt2", "duration": "short", "questions": []}]))
    question = {"question_id": "2-1", "task_type": "x", "question": "Why?", "options": ["A. a", "B. b"], "answer": "A"}
    row[0]["questions"] = [question]
    files = sources(
        tmp_path, {**CHOICE_SAMPLES["video_mme"], "b.json": json.dumps(row).encode()}, ["yt1.mp4", "yt2.mp4"]
    )
    (tmp_path / "videos/yt1.srt").write_text(SRT)
    benchmark = PUBLISHED["video_mme_subtitles"](files, protocol="paper")
    result = run_benchmark(benchmark, model := Answers("B"), batch_size=1)
    assert result.scores.details["questions_without_subtitles"] == 1
    layouts = [one.layout.name for one in model.asked if one.layout]
    assert sorted(layouts) == ["original_choice", "original_subtitles"]


def test_damaged_subtitles_are_reported(tmp_path):
    benchmark = video_mme(tmp_path, "default", "no cues")
    with pytest.raises(UserError, match=r"yt1\.srt has no subtitle; download it again"):
        benchmark.prompt(benchmark.examples()[0])


@pytest.mark.parametrize(
    "subtitles",
    [
        [{"timestamp": [9.9, 10.1], "text": "short"}, {"timestamp": [20.0, None], "text": "until the end"}],
        [
            {"start": "00:00:09.900", "end": "00:00:10.100", "line": "short"},
            {"start": "00:00:20.000", "end": "00:10:00.000", "line": "until the end"},
        ],
    ],
)
def test_subtitles_of_longvideobench(tmp_path, subtitles):
    row = json.loads(next(iter(CHOICE_SAMPLES["longvideobench"].values())))[0]
    row |= {"subtitle_path": "v_en.json", "starting_timestamp_for_subtitles": 5.0}
    files = sources(tmp_path, {"lvb_val.json": json.dumps([row]).encode()}, ["videos/v.mp4"])
    (tmp_path / "videos/subtitles").mkdir()
    (tmp_path / "videos/subtitles/v_en.json").write_text(json.dumps(subtitles))
    benchmark = PUBLISHED["longvideobench_subtitles"](files, protocol="paper")
    question = "What?\nA. x\nB. y\nC. z\nAnswer with the option's letter from the given choices directly."
    assert shown(benchmark, [5.4])[1].question == f"short\n{question}"  # at least a second long
    assert shown(benchmark, [5.4, 99.0])[1].question == f"short\nuntil the end\n{question}"
    assert shown(benchmark, [5.6])[1].question == question
