"""The commands and the Python example of docs/ask.md run; those of docs/demo.md have their options."""

import re
import shlex

import pytest

import timesuite_jax as ts
from tests.support import sample_videos
from tests.support.paths import ROOT
from timesuite_jax.cli.main import main

PAGES = {name: (ROOT / f"docs/{name}.md").read_text(encoding="utf-8") for name in ("ask", "demo")}


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGES[page], re.M | re.S)


def commands(page: str) -> list[list[str]]:
    text = "".join(blocks(page, "")).replace("\\\n", "")
    return [shlex.split(line)[1:] for line in text.splitlines() if line.startswith("timesuite ")]


@pytest.fixture
def place(tmp_path, tiny_run, monkeypatch):
    """A folder with RUN and the videos of the pages."""
    (tmp_path / "RUN").symlink_to(tiny_run)
    (tmp_path / "videos").mkdir()
    for name in ("video.mp4", "videos/video.mp4"):
        (tmp_path / name).write_bytes(sample_videos.numbered_video(60, rate=12.0))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_commands_of_the_page_run(place, capfd):
    assert len(commands("ask")) == 6
    for words in commands("ask"):
        assert main(words) == 0, (words, capfd.readouterr().err)
    assert (place / "answers.png").is_file() and (place / "cuts-2.srt").is_file()


def test_the_python_of_the_page_runs(place, capfd):
    (code,) = blocks("ask", "python")
    exec(code, {})
    assert (place / "answer.png").is_file() and (place / "cuts.srt").is_file() and capfd.readouterr().out
    assert ts.load.__doc__ and "follow_up" in ts.load.__doc__


@pytest.mark.parametrize("name", ["serve", "demo"])
def test_options_of_the_page_exist(name, capsys):
    """tests/cli/test_serve.py runs the client of the page."""
    words = [word for own in commands("demo") if own[0] == name for word in own]
    assert words
    with pytest.raises(SystemExit):
        main([name, "--help"])
    shown = capsys.readouterr().out
    assert all(word in shown for word in words if word.startswith("--"))
    if name == "serve":
        assert all(word in shown for word in re.findall(r"`(--[a-z-]+)`", PAGES["demo"]))
