"""`timesuite ask`: answers, parts of a video, and videos that cannot be used."""

import json

import pytest

from tests.support import sample_videos
from timesuite_jax.cli.main import main
from timesuite_jax.data.synthetic.moving_shapes import MovingShapesSpec, make_video
from timesuite_jax.videochat_t import inference

VIDEO = sample_videos.numbered_video(60, rate=12.0)


@pytest.fixture
def video(tmp_path):
    path = tmp_path / "video.mp4"
    path.write_bytes(VIDEO)
    return path


def ask(video, run, *words, question="When is the red circle visible?"):
    return main(["ask", str(video), question, "--workdir", str(run), "--max-new-tokens", "6", *words])


def test_json_and_timeline(video, tiny_run, tmp_path, capfd):
    assert ask(video, tiny_run, "--json", "--timeline", f"{tmp_path}/answer.png") == 0
    shown = json.loads(capfd.readouterr().out)
    assert shown["video"] == str(video) and shown["duration"] == 5.0 and isinstance(shown["answer"], str)
    assert (tmp_path / "answer.png").read_bytes().startswith(b"\x89PNG")
    assert ask(video, tiny_run) == 0
    assert capfd.readouterr().out.splitlines()[0] == shown["answer"]


@pytest.mark.parametrize(
    ("words", "seconds"), [(["--start", "2"], 3.0), (["--end", "2"], 2.0), (["--start", "1", "--end", "3"], 2.0)]
)
def test_window(video, tiny_run, capfd, words, seconds):
    assert ask(video, tiny_run, *words, "--json") == 0
    assert json.loads(capfd.readouterr().out)["duration"] == pytest.approx(seconds)


@pytest.mark.parametrize(("words", "layout"), [([], "training"), (["--prompt", "evaluation"], "evaluation")])
def test_prompt(video, tiny_run, capfd, monkeypatch, words, layout):
    processors = []
    plain = inference.ask
    monkeypatch.setattr(inference, "ask", lambda *args, **more: processors.append(args[1]) or plain(*args, **more))
    assert ask(video, tiny_run, *words) == 0
    assert [processor.spec.layout for processor in processors] == [layout]


def test_temperature(video, tiny_run, capfd):
    assert ask(video, tiny_run, "--temperature", "1") == 0
    assert capfd.readouterr().out


BAD = {
    "empty": (b"", "is empty (0 bytes)"),
    "text": (b"404 not found" * 50, "cannot be opened"),
    "truncated": (sample_videos.truncated(VIDEO, index_first=True), "is truncated"),
    "audio only": (sample_videos.audio_only(), "has no video stream (streams: audio)"),
    "one frame": (sample_videos.numbered_video(1), "has a single frame"),
    "no duration": (sample_videos.without_duration(), "has zero duration"),
}


@pytest.mark.parametrize("case", BAD)
def test_unusable_videos_are_rejected(case, tiny_run, tmp_path, capsys):
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
        (["--max-new-tokens", "0"], "is less than 1"),
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


def test_a_synthetic_video_file_is_accepted(tmp_path, tiny_run, capfd):
    """With the duration that it was written with."""
    import numpy as np

    from timesuite_jax.media import write_mp4

    video = make_video(MovingShapesSpec(), np.random.default_rng(0))
    write_mp4(tmp_path / "shapes.mp4", video.frames, rate=video.rate)
    assert ask(tmp_path / "shapes.mp4", tiny_run, "--json") == 0
    assert json.loads(capfd.readouterr().out)["duration"] == pytest.approx(video.seconds, abs=0.05)
