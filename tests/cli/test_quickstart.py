"""`timesuite quickstart`: options and folders; the pipeline is tested in tests/apps."""

import json

import pytest

from timesuite_jax.apps import quickstart
from timesuite_jax.apps.quickstart import internvideo2, videochat_t
from timesuite_jax.apps.quickstart.internvideo2.pipeline import Result as InternVideo2Result
from timesuite_jax.apps.quickstart.videochat_t.pipeline import Result as VideoChatResult
from timesuite_jax.cli.main import main


@pytest.mark.parametrize("place", ["file", "below", "proc"])
def test_folders_that_cannot_be_written(tmp_path, capsys, place):
    (tmp_path / "file").write_text("x")
    folder = {"file": tmp_path / "file", "below": tmp_path / "file/below", "proc": "/proc/quickstart"}[place]
    assert main(["quickstart", "--workdir", str(folder)]) == 2
    err = capsys.readouterr().err.strip()
    assert err.splitlines()[-1].startswith("timesuite quickstart: ") and "Traceback" not in err


def test_negative_seed(capsys):
    assert main(["quickstart", "--seed", "-1"]) == 2
    assert "--seed -1 is below 0; give 0 or more" in capsys.readouterr().err


def _run_of(result, received):
    """A `run` that trains nothing."""

    def run(family, workdir, *, seed):
        received.update(family=family, workdir=workdir, seed=seed)
        return quickstart.Outcome(result, {"videos": 1.0})

    return run


def test_json_is_the_only_thing_on_stdout(tmp_path, monkeypatch, capfd):
    metrics = {
        f"{prefix}{name}": 0.5
        for prefix in ("", "two_objects_")
        for name in ("r1_iou_0.3", "r1_iou_0.5", "r1_iou_0.7", "miou", "parse_failures", "absent_answers", "n")
    }
    scores, received = type("Scores", (), {"metrics": metrics})(), {}
    result = VideoChatResult(scores, {"tensors": 3}, {"export": "a"}, "timesuite ask a.mp4")
    monkeypatch.setattr(quickstart, "run", _run_of(result, received))
    assert main(["quickstart", "--workdir", str(tmp_path), "--seed", "3", "--json"]) == 0
    captured = capfd.readouterr()
    assert json.loads(captured.out)["two_objects_r1_iou_0.5"] == 0.5
    assert "grounding on held-out videos" in captured.err
    assert received == {"family": videochat_t.QUICKSTART, "workdir": tmp_path, "seed": 3}


def test_the_family_chooses_the_quickstart_and_the_folder(tmp_path, monkeypatch, capfd):
    row = {"top1": 0.5, "order": 0.5, "direction": 0.5, "speed": 0.5}
    rows = ("teacher", "finetuned", "views", "shuffled", "one_frame", "probe", "random_probe")
    scores, received = dict.fromkeys((*rows, "few_pretrained", "few_scratch"), row), {}
    repeats, family = {"few_pretrained": [0.5], "few_scratch": [0.25]}, internvideo2.QUICKSTART
    result = InternVideo2Result(scores, repeats, family.config, {"picture": "a"}, "timesuite classify")
    monkeypatch.setattr(quickstart, "run", _run_of(result, received))
    monkeypatch.chdir(tmp_path)
    assert main(["quickstart", "--family", "internvideo2", "--json"]) == 0
    captured = capfd.readouterr()
    assert json.loads(captured.out)["few_scratch_top1_repeats"] == [0.25]
    assert "classes of held-out videos" in captured.err
    assert received == {"family": family, "workdir": tmp_path / "quickstart_internvideo2", "seed": 0}


def test_an_unknown_family(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["quickstart", "--family", "resnet"])
    assert "choose from 'videochat_t', 'internvideo2'" in capsys.readouterr().err
