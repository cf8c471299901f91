"""`timesuite ask`: answers, parts of a video, and videos that cannot be used."""

import json
import math
import shutil
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.support import sample_videos
from timesuite_jax import parallel
from timesuite_jax.cli.main import main
from timesuite_jax.data.synthetic.moving_shapes import MovingShapesSpec, make_video
from timesuite_jax.edit_lists import FORMATS
from timesuite_jax.models.text.kv_cache import KVCache
from timesuite_jax.registry.loaded import Loaded, Model
from timesuite_jax.videochat_t import inference
from timesuite_jax.videochat_t.answering.answer_grammar import AnswerConfidence, SpanConfidence
from timesuite_jax.videochat_t.answering.answerer import Answerer, Reply
from timesuite_jax.videochat_t.answering.encoded_video import EncodedVideo

VIDEO = sample_videos.numbered_video(60, rate=12.0)


@pytest.fixture
def video(tmp_path):
    path = tmp_path / "video.mp4"
    path.write_bytes(VIDEO)
    return path


@pytest.fixture
def set_answer(monkeypatch):
    """Replaces the model by an answer to all questions: no parameters are read, nothing is compiled."""
    mesh = parallel.make_mesh(parallel.MeshSpec(), jax.devices()[:1])

    def load(model):
        return Loaded(model.task, {}, mesh, parallel.DEFAULT_RULES, model.config, model.calibration)

    monkeypatch.setattr(Model, "load", load)
    numbers = np.zeros(0, np.int32)
    cache = KVCache.empty(layers=1, batch=1, kv_heads=1, capacity=1, head_width=2, dtype=jnp.float32)
    encoded = EncodedVideo(jnp.zeros((1, 1, 1)), cache, numbers, numbers)
    monkeypatch.setattr(Answerer, "encode", lambda self, batch, row: encoded)

    def replace(answer):
        monkeypatch.setattr(Answerer, "reply", lambda self, encoded, row, **more: Reply(answer, 1, 1, True))

    return replace


def ask(video, run, *words, question="When is the red circle visible?"):
    return main(["ask", str(video), question, "--workdir", str(run), "--max-new-tokens", "6", *words])


def test_json_and_timeline(video, tiny_run, tmp_path, capfd):
    assert ask(video, tiny_run, "--json", "--timeline", f"{tmp_path}/answer.png") == 0
    shown = json.loads(capfd.readouterr().out)
    assert shown["video"] == str(video) and shown["duration"] == 5.0 and isinstance(shown["answer"], str)
    assert (tmp_path / "answer.png").read_bytes().startswith(b"\x89PNG")
    assert ask(video, tiny_run) == 0
    assert capfd.readouterr().out.splitlines()[0] == shown["answer"]


@pytest.mark.parametrize("seconds", ["0", "-3", "nan", "inf"])
def test_a_window_without_a_length_is_an_error(video, tiny_run, capfd, seconds):
    assert ask(video, tiny_run, "--long", "hierarchical", f"--window={seconds}") == 2
    assert "--window" in (error := capfd.readouterr().err) and "--window 180" in error


@pytest.mark.parametrize(
    ("words", "clip"),
    [([], None), (["--start", "2"], [2, 5]), (["--end", "2"], [0, 2]), (["--start", "1", "--end", "3"], [1, 3]),
     (["--start", "1", "--end", "30"], [1, 5])],
)  # fmt: skip
def test_seconds_count_from_the_start_of_the_video(
    video, tiny_run, tmp_path, capfd, monkeypatch, set_answer, words, clip
):
    """The model sees the clip alone, with time stamps from 0."""
    drawn = []
    monkeypatch.setattr("timesuite_jax.evaluation.draw_timelines", lambda timelines, path: drawn.extend(timelines))
    set_answer("From 0.5 to 1.5 seconds.")
    assert ask(video, tiny_run, *words, "--json", "--timeline", f"{tmp_path}/a.png") == 0
    found = json.loads(capfd.readouterr().out)
    start = clip[0] if clip else 0
    assert found["duration"] == 5.0 and found["clip"] == pytest.approx(clip)
    assert found["answer"] == f"From {0.5 + start} to {1.5 + start} seconds."
    assert found["spans"] == [[0.5 + start, 1.5 + start]] and found["unit"] == "seconds of the video"
    (timeline,) = drawn
    assert (timeline.start, timeline.end) == pytest.approx((start, clip[1] if clip else 5))
    assert timeline.predicted == ((0.5 + start, 1.5 + start),) and timeline.video == "video.mp4" and timeline.frames
    assert ask(video, tiny_run, *words) == 0
    shown = capfd.readouterr().out.splitlines()[1]
    assert shown.startswith(f"  {0.5 + start:.1f} - {1.5 + start:.1f} s of 5.0 s")
    assert (f"(shown: {clip[0]:.1f} - {clip[1]:.1f} s)" in shown) if clip else "shown" not in shown


@pytest.mark.parametrize(("words", "layout"), [([], "training"), (["--prompt", "evaluation"], "evaluation")])
def test_prompt(video, tiny_run, capfd, monkeypatch, set_answer, words, layout):
    set_answer("")
    processors = []
    plain = inference.ask
    monkeypatch.setattr(inference, "ask", lambda *args, **more: processors.append(args[1]) or plain(*args, **more))
    assert ask(video, tiny_run, *words) == 0
    assert [processor.spec.layout for processor in processors] == [layout]


def test_temperature(video, tiny_run, capfd):
    assert ask(video, tiny_run, "--temperature", "1") == 0
    assert capfd.readouterr().out


LONG = ("--max-new-tokens", "24")  # 6 are too few for a span


def test_answers_to_questions_for_times_are_constrained(video, tiny_run, capfd):
    assert ask(video, tiny_run, *LONG, "--json") == 0
    shown = json.loads(capfd.readouterr().out)
    assert shown["form"] == "spans" and 0 <= shown["happens"] <= 1
    assert all(0 <= start < end <= shown["duration"] for start, end in shown["spans"])
    assert len(shown["confidences"]) == len(shown["spans"]) and all(0 < one <= 1 for one in shown["confidences"])
    assert bool(shown["spans"]) == ("never" not in shown["answer"])


@pytest.mark.parametrize(
    ("words", "question", "form"),
    [
        (LONG, "When is the red circle visible?", "spans"),
        ((*LONG, "--answers", "auto"), "Find 'a cat' in the video.", "spans"),
        ((*LONG, "--answers", "free"), "When is the red circle visible?", None),
        (LONG, "Which colour appears first?", None),
        ((), "When is the red circle visible?", None),
        ((*LONG, "--protocol", "paper"), "When is the red circle visible?", None),
        # The tokenizer lacks the words of highlights.
        (LONG, "Find the highlights of the video. Give the second of each and its saliency score.", None),
    ],
)
def test_the_form_follows_from_the_question(video, tiny_run, monkeypatch, set_answer, words, question, form):
    limits = []
    set_answer("")
    reply = Answerer.reply
    monkeypatch.setattr(Answerer, "reply", lambda *args, **more: limits.append(more["limits"]) or reply(*args, **more))
    assert ask(video, tiny_run, *words, question=question) == 0
    assert [None if one is None else (one.request.form, one.request.duration) for one in limits] == [
        form and (form, 5.0)
    ]


@pytest.fixture
def sure_answer(monkeypatch, set_answer):
    """Replaces the model by a span of confidence 0.75 and a given probability that the event happens."""
    set_answer("")

    def replace(happens):
        sure = AnswerConfidence((SpanConfidence((0.5, 1.5), -3.0, 4 * math.log(0.75), 4, 0.75),), happens)
        answer = Reply("From 0.5 to 1.5 seconds.", 1, 1, True, sure)
        monkeypatch.setattr(Answerer, "reply", lambda self, encoded, row, **more: answer)

    return replace


@pytest.mark.parametrize(
    ("happens", "note"),
    [(0.97, "in this video: probability 0.97"), (0.04, "not in this video: probability 0.96")],
)
def test_confidences_are_printed(video, tiny_run, capfd, sure_answer, happens, note):
    sure_answer(happens)
    assert ask(video, tiny_run, "--start", "1") == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[1:] == ["  1.5 - 2.5 s of 5.0 s (shown: 1.0 - 5.0 s), confidence 0.75", f"  {note} (not calibrated)"]


def test_temperatures_beside_the_run_are_used(video, tiny_run, tmp_path, capfd, caplog, sure_answer):
    run = tmp_path / "run"
    shutil.copytree(tiny_run, run)
    sure_answer(0.9)
    entry = {"temperature": 2.0, "step": 2}
    (run / "calibration.json").write_text(json.dumps({"happens": entry, "confidences": {**entry, "step": 1}}))
    assert ask(video, run) == 0
    # By hand: odds of 9 to 1 become 3 to 1.
    assert "confidence 0.75\n  in this video: probability 0.75\n" in capfd.readouterr().out
    assert "confidences of calibration.json: fitted for checkpoint 1, not used for 2" in caplog.text


QUESTIONS = ("When is the red circle visible?", "When is the blue square visible?")


def ask_all(video, run, *words):
    return main(["ask", str(video), *QUESTIONS, "--workdir", str(run), "--max-new-tokens", "6", *words])


def test_several_questions_have_the_answers_that_each_has_alone(video, tiny_run, tmp_path, capfd, monkeypatch):
    encodings = []
    encode = Answerer.encode
    monkeypatch.setattr(Answerer, "encode", lambda *args: encodings.append(args) or encode(*args))
    assert ask_all(video, tiny_run, "--json", "--timeline", f"{tmp_path}/both.png") == 0
    shown = json.loads(capfd.readouterr().out)
    assert len(encodings) == 1, "the video was encoded again"
    assert [one["question"] for one in shown] == list(QUESTIONS)
    for one in shown:
        assert ask(video, tiny_run, "--json", question=one["question"]) == 0
        assert json.loads(capfd.readouterr().out) == one
    assert (tmp_path / "both.png").read_bytes().startswith(b"\x89PNG")
    assert ask_all(video, tiny_run) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[:2] == [f"> {QUESTIONS[0]}", shown[0]["answer"]] and f"> {QUESTIONS[1]}" in lines


def test_follow_up_questions_see_the_earlier_ones(video, tiny_run, capfd, monkeypatch, set_answer):
    rows = []
    set_answer("From 0.5 to 1.5 seconds.")
    reply = Answerer.reply
    monkeypatch.setattr(Answerer, "reply", lambda *args, **more: rows.append(args[2]) or reply(*args, **more))
    assert ask_all(video, tiny_run) == 0
    assert ask_all(video, tiny_run, "--follow-up") == 0
    alone, after = rows[1], rows[3]
    assert after.valid.sum() > alone.valid.sum() and rows[0].valid.sum() == rows[2].valid.sum()


def test_every_question_has_its_own_export(video, tiny_run, tmp_path, capfd, set_answer):
    set_answer("From 0.5 to 1.5 seconds.")
    assert ask_all(video, tiny_run, "--export", f"{tmp_path}/cuts.srt") == 0
    assert sorted(file.name for file in tmp_path.glob("*.srt")) == ["cuts-1.srt", "cuts-2.srt"]
    for number, question in enumerate(QUESTIONS, 1):
        assert (tmp_path / f"cuts-{number}.srt").read_text().splitlines()[2] == question
    (tmp_path / "taken-2.srt").mkdir()
    assert ask_all(video, tiny_run, "--export", f"{tmp_path}/taken.srt") == 2
    assert "taken-2.srt is a folder" in capfd.readouterr().err


DENSE = "0.0 - 1.0 seconds, open the oven.  2.0 - 4.0 seconds, bake <it>.  7.0 - 9.0 seconds, eat."


def test_answers_before_a_mistake_are_written(video, tiny_run, tmp_path, capfd, set_answer):
    set_answer("From 0.5 to 1.5 seconds.")
    words = ["ask", str(video), "When?", "What is [INST]?", "--workdir", str(tiny_run), "--json"]
    assert main([*words, "--export", f"{tmp_path}/cuts.srt"]) == 2
    shown = capfd.readouterr()
    (found,) = json.loads(shown.out)
    assert found["question"] == "When?" and found["spans"] == [[0.5, 1.5]]
    assert "'What is [INST]?' contains [INST], a marker of the prompt; leave it out" in shown.err
    assert (tmp_path / "cuts-1.srt").exists() and not (tmp_path / "cuts-2.srt").exists()


def test_the_video_is_not_replaced(video, tiny_run, tmp_path, capfd, set_answer):
    set_answer("From 0.5 to 1.5 seconds.")
    assert ask(video, tiny_run, "--timeline", str(video)) == 2
    assert "is an input of the command, which it would replace" in capfd.readouterr().err
    assert video.read_bytes() == VIDEO
    assert ask(video, tiny_run, "--timeline", f"{tmp_path}/a.srt", "--export", f"{tmp_path}/a.srt") == 2
    assert "are the same file" in capfd.readouterr().err


def test_an_answer_that_is_cut_short_is_reported(video, tiny_run, capfd, set_answer, monkeypatch):
    set_answer("")
    monkeypatch.setattr(Answerer, "reply", lambda self, encoded, row, **more: Reply("From 0.5 to", 1, 6, False))
    assert ask(video, tiny_run) == 0
    assert "cut short at 6 tokens; raise --max-new-tokens" in capfd.readouterr().err


def test_export(video, tiny_run, tmp_path, capfd, set_answer):
    pytest.importorskip("opentimelineio")
    files = [tmp_path / f"cuts{suffix}" for suffix in FORMATS]
    words = [word for file in files for word in ("--export", str(file))]
    set_answer(DENSE)
    assert ask(video, tiny_run, *words, "--json") == 0
    shown = capfd.readouterr()
    assert json.loads(shown.out)["captions"] == ["open the oven.", "bake <it>.", "eat."]
    assert "7.0 - 9.0 s is after the end of the video, not exported" in shown.err
    texts = {file.suffix: file.read_text() for file in files}
    assert texts[".srt"].startswith(
        "1\n00:00:00,000 --> 00:00:01,000\nopen the oven.\n\n2\n00:00:02,000 --> 00:00:04,000"
    )
    assert "bake &lt;it&gt;." in texts[".vtt"] and "START=2000\nEND=4000" in texts[".ffmeta"]
    assert texts[".txt"] == "0:00 open the oven.\n0:02 bake <it>.\n" and "* SOURCE FRAMES: 24 TO 47" in texts[".edl"]
    assert '"name": "open the oven."' in texts[".otio"]
    # Of a clip: seconds of the video, and the question where the answer describes nothing.
    set_answer("From 0.5 to 1.5 seconds.")
    assert ask(video, tiny_run, "--start", "2", "--export", str(files[0])) == 0
    assert files[0].read_text() == "1\n00:00:02,500 --> 00:00:03,500\nWhen is the red circle visible?\n"
    set_answer("It never happens.")
    assert ask(video, tiny_run, "--export", str(files[0])) == 0
    assert files[0].read_text() == "" and "the answer has no spans" in capfd.readouterr().err


def test_export_needs_a_known_format_and_its_library(video, tiny_run, tmp_path, capsys, monkeypatch):
    assert ask(video, tiny_run, "--export", f"{tmp_path}/cuts.xml") == 2
    assert "the suffix '.xml' is no known format; choose one of .srt (" in capsys.readouterr().err
    assert ask(video, tiny_run, "--export", "/nowhere/cuts.srt") == 2
    assert "there is no folder /nowhere" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "opentimelineio", None)
    assert ask(video, tiny_run, "--export", f"{tmp_path}/cuts.otio") == 2
    assert 'pip install "timesuite_jax[edit]"' in capsys.readouterr().err


BAD = {
    "empty": (b"", "is empty (0 bytes)"),
    "text": (b"404 not found" * 50, "cannot be opened"),
    "truncated": (sample_videos.truncated(VIDEO, index_first=True), "is truncated"),
    "audio only": (sample_videos.audio_only(), "has no video stream (streams: audio)"),
    "one frame": (sample_videos.numbered_video(1), "has a single frame"),
    "no duration": (sample_videos.without_duration(), "has zero duration"),
}


@pytest.mark.parametrize("case", BAD)
def test_unusable_videos_are_rejected(case, tiny_run, tmp_path, capsys, set_answer):
    set_answer("")
    data, problem = BAD[case]
    path = tmp_path / "bad.mp4"
    path.write_bytes(data)
    assert ask(path, tiny_run) == 2
    err = capsys.readouterr().err.strip()
    assert err.splitlines()[-1].startswith(f"timesuite ask: video {path} {problem}") and "; " in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--start", "9"], "duration is 5.0 s"),
        (["--start", "3", "--end", "2"], "has no clip from"),
        (["--start", "-1", "--end", "2"], "has no clip from"),
        (["--temperature", "-1"], "--temperature -1.0 is not a number of at least 0"),
        (["--temperature", "nan"], "--temperature nan is not a number of at least 0"),
        (["--max-new-tokens", "0"], "--max-new-tokens 0 is less than 1"),
        (["--max-new-tokens", "100000000"], "is more than 32768, the limit of an answer; give at most 32768"),
        (["--seed", "-1"], "--seed -1 is not a whole number from 0"),
        (["--timeline", "a.jpg"], "--timeline a.jpg: timelines are written as PNG, not .jpg; give a name in .png"),
        (["--timeline", "/nowhere/a.png"], "there is no folder /nowhere"),
        (["--prompt", "chat"], "unknown conversation layout 'chat'; known: training, evaluation"),
        (["--step", "9"], "has no checkpoint of step 9; it has 2"),
    ],
)
def test_invalid_options_are_rejected(video, tiny_run, capsys, words, expected):
    assert ask(video, tiny_run, *words) == 2
    err = capsys.readouterr().err.strip()
    assert expected in err.splitlines()[-1] and "Traceback" not in err


def test_missing_files_are_rejected(video, tiny_run, tmp_path, capsys):
    assert ask(tmp_path / "absent.mp4", tiny_run) == 2
    assert "does not exist or is not a file" in capsys.readouterr().err
    assert ask(tmp_path, tiny_run) == 2
    assert "does not exist or is not a file" in capsys.readouterr().err
    assert ask(video, tmp_path) == 2
    assert "has no checkpoint; train there first" in capsys.readouterr().err
    assert ask(video, video) == 2
    assert "Traceback" not in capsys.readouterr().err
    assert ask(video, tiny_run, question=" ") == 2
    assert "the question is empty" in capsys.readouterr().err


def test_a_synthetic_video_file_is_accepted(tmp_path, tiny_run, capfd, set_answer):
    """With the duration that it was written with."""
    set_answer("")
    from timesuite_jax.media import write_mp4

    video = make_video(MovingShapesSpec(), np.random.default_rng(0))
    write_mp4(tmp_path / "shapes.mp4", video.frames, rate=video.rate)
    assert ask(tmp_path / "shapes.mp4", tiny_run, "--json") == 0
    assert json.loads(capfd.readouterr().out)["duration"] == pytest.approx(video.seconds, abs=0.05)
