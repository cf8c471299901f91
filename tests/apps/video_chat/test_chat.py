"""Questions in Python: `timesuite_jax.load`."""

import json
import subprocess
import sys

import pytest

import timesuite_jax as ts
from tests.support import sample_videos
from timesuite_jax.cli.main import main
from timesuite_jax.errors import UserError

QUESTION = "When is the red circle visible?"


@pytest.fixture(scope="module")
def chat(tiny_run):
    return ts.load(tiny_run, max_new_tokens=6)


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    path = tmp_path_factory.mktemp("videos") / "<a>.mp4"
    path.write_bytes(sample_videos.numbered_video(60, rate=12.0))
    return path


def test_answers_are_those_of_the_command(chat, video, tiny_run, capfd):
    words = ["--workdir", str(tiny_run), "--max-new-tokens", "6", "--json"]
    for more, options in (([], {}), (["--start", "1", "--end", "3"], {"start": 1.0, "end": 3.0})):
        assert main(["ask", str(video), QUESTION, *words, *more]) == 0
        shown = json.loads(capfd.readouterr().out)
        found = chat.ask(video, QUESTION, **options)
        assert json.loads(json.dumps(found.as_json())) == shown
        assert found.answer == shown["answer"] and str(found).startswith(found.answer)


def test_follow_up_questions(chat, video, tiny_run):
    first = chat.ask(video, QUESTION)
    second = chat.follow_up("When is it?")
    third = chat.follow_up("And then?")
    assert first.result.prompt_tokens < second.result.prompt_tokens < third.result.prompt_tokens
    assert chat.ask(video, QUESTION).result.prompt_tokens == first.result.prompt_tokens
    with pytest.raises(UserError, match=r"call ask\(video, question\) first"):
        ts.load(tiny_run).follow_up("When?")


def test_an_answer_is_shown_with_its_timeline_and_exported(chat, video, tmp_path, monkeypatch):
    found = chat.ask(video, "Is <b> bold?")
    shown = found._repr_html_()
    assert "Is &lt;b&gt; bold?" in shown and "<b> bold" not in shown
    assert 'src="data:image/png;base64,iVBOR' in shown
    found.save_timeline(tmp_path / "answer.png")
    assert (tmp_path / "answer.png").read_bytes().startswith(b"\x89PNG")
    object.__setattr__(found.result, "spans", ((1.0, 2.0), (7.0, 8.0)))
    object.__setattr__(found.result, "captions", ("", ""))
    assert found.export(tmp_path / "cuts.srt") == ((7.0, 8.0),)
    assert (tmp_path / "cuts.srt").read_text().startswith("1\n00:00:01,000 --> 00:00:02,000\nIs <b> bold?")
    assert found.spans == ((1.0, 2.0), (7.0, 8.0))


def test_mistakes_are_reported(tiny_run, tmp_path):
    for options, message in (
        ({"max_new_tokens": 0}, "max_new_tokens=0 is less than 1"),
        ({"temperature": float("nan")}, "temperature=nan"),
        ({"max_new_tokens": 10**8}, "max_new_tokens=100000000 is more than 32768"),
        ({"seed": -1}, "seed=-1 is not a whole number"),
        ({"answers": "long"}, "answers='long' is unknown; choose auto or free"),
        ({"prompt": "chat"}, "unknown conversation layout 'chat'"),
        ({"protocol": "fast"}, "unknown protocol 'fast'"),
    ):
        with pytest.raises(UserError, match=message):
            ts.load(tiny_run, **options)
    with pytest.raises(UserError, match="`timesuite quickstart` trains a small model"):
        ts.load(tmp_path)


def test_a_question_that_is_no_text_is_reported(chat, video):
    with pytest.raises(UserError, match="the question is None, not text"):
        chat.ask(video, None)


def test_importing_the_package_imports_nothing_of_it():
    names = "[name for name in sys.modules if name.startswith(('timesuite_jax.', 'jax'))]"
    code = f"import sys, timesuite_jax; print({names})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
