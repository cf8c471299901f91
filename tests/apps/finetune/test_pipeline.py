"""`timesuite finetune` with a dozen videos and two steps: from scratch, repeated, resumed, and from an earlier run."""

import json
import shlex
import shutil

import numpy as np
import pytest

from tests.support.one_device import train_on_one_device
from tests.support.shape_rows import write_rows
from timesuite_jax import param_tree
from timesuite_jax.cli.main import main
from timesuite_jax.data.corpora import Mixture, corpus_shares
from timesuite_jax.registry import Answers, load

ONE_CHIP = "configs/timesuite/finetune.py:one_chip"
STEPS = "--config.training.total_steps=2"


@pytest.fixture(scope="module")
def finished(tmp_path_factory, tiny_corpus):
    """The words of a command that has run, and its work folder; read-only."""
    folder = tmp_path_factory.mktemp("finetune")
    rows = write_rows(folder / "rows.jsonl", tiny_corpus)
    words = ["finetune", str(rows), "--videos", str(tiny_corpus / "videos"), "--workdir", str(folder / "run"), STEPS]
    words += ["--held-out", "0.2"]
    with pytest.MonkeyPatch.context() as monkeypatch:
        train_on_one_device(monkeypatch)
        assert main(words) == 0
    return words, folder / "run"


def corpus(run, name):
    mixture = Mixture(corpus_shares([str(run / "corpora" / name)]))
    return [mixture.read_without_media(number) for number in range(len(mixture))]


def in_workdir(words, workdir):
    return [str(workdir) if before == "--workdir" else word for before, word in zip(["", *words], words, strict=False)]


def test_corpora_have_all_rows_and_share_no_video(finished, tiny_corpus):
    _, run = finished
    names = ("train", "held_out_grounding", "held_out_answers")
    records = {name: corpus(run, name) for name in names}
    videos = {name: {record.source for record in records[name]} for name in names}
    assert not videos["train"] & (videos["held_out_grounding"] | videos["held_out_answers"])
    assert len(videos["train"]) == 10 and len(videos["train"].union(*videos.values())) == 12
    turns = [
        (record.source, turn.question, turn.answer)
        for name in names
        for record in records[name]
        for turn in record.turns
    ]
    annotated = json.loads((tiny_corpus / "annotations.json").read_text())
    assert sorted(turns) == sorted(
        (entry["video"], pair["q"], pair["a"]) for entry in annotated for pair in entry["QA"]
    )
    spans = [span for name in names for record in records[name] for span in record.spans]
    assert sorted(spans) == sorted(tuple(span) for entry in annotated for span in entry["spans"])
    assert all(record.spans_of(turn) for record in records["held_out_grounding"] for turn in range(len(record.turns)))
    assert not any(record.spans for record in records["held_out_answers"])


def test_results(finished):
    _, run = finished
    results = json.loads((run / "results.json").read_text())
    assert results["videos"] == {"train": 10, "held_out": 2} and sum(results["rows"].values()) == 36
    assert set(results["scores"]) == {"held_out_grounding", "held_out_answers"}
    assert results["scores"]["held_out_grounding"]["n"] == results["rows"]["held_out_grounding"]
    assert results["scores"]["held_out_answers"]["n"] == results["rows"]["held_out_answers"]
    answers = (run / "held_out_grounding.jsonl").read_text().splitlines()
    assert len(answers) == results["rows"]["held_out_grounding"]


@pytest.mark.nightly
def test_repeating_writes_no_file_again_and_prints_commands_that_run(finished, capsys):
    words, run = finished
    kept = [*(run / "corpora").rglob("*"), *(run / "checkpoints").rglob("*"), run / "finetune.json"]
    before = {file: file.stat().st_mtime_ns for file in kept if file.is_file()}
    capsys.readouterr()
    assert main([*words, "--json"]) == 0
    printed = capsys.readouterr()
    result = json.loads(printed.out.splitlines()[-1])
    assert {file: file.stat().st_mtime_ns for file in before} == before
    assert "resumed at step 2" in printed.out + printed.err
    assert set(result["next"]) == {
        "ask",
        "evaluate held_out_grounding",
        "evaluate held_out_answers",
        "export",
        "resume",
    }
    for command in result["next"].values():
        program, *rest = shlex.split(command)
        assert program == "timesuite" and main(rest) == 0, command
    assert (run / "answer.png").is_file() and (run / "export/model.safetensors").is_file()


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (["--seed", "1"], "(changed: --seed: 0 -> 1)"),
        (["--held-out", "0.3"], "(changed: --held-out: 0.2 -> 0.3)"),
        (["--config.training.total_steps=3"], "overrides: "),
    ],
)
def test_other_settings_are_refused(finished, capsys, changed, expected):
    words, run = finished
    assert main([*words, *changed]) == 2
    err = capsys.readouterr().err
    assert f"{run} has a fine-tuning with other options; give another --workdir or remove it" in err
    assert expected in err and "Traceback" not in err


def test_other_rows_are_refused(finished, tmp_path, tiny_corpus, capsys):
    words, run = finished
    rows = write_rows(tmp_path / "other.jsonl", tiny_corpus, change={3: {"question": "When now?"}})
    assert main([words[0], str(rows), *words[2:]]) == 2
    err = capsys.readouterr().err
    assert f"{rows} is not the file that {run} was started with: line 3 was '{{" in err and "When now?" not in words[1]
    assert f"give another --workdir for the new rows, or restore it from {run}/rows/rows.jsonl" in err
    shutil.copy(run / "rows/rows.jsonl", rows)  # the second remedy
    capsys.readouterr()
    assert main([words[0], str(rows), *words[2:], "--seed", "1"]) == 2
    assert "(changed: --seed: 0 -> 1)" in capsys.readouterr().err


@pytest.mark.nightly
def test_resumes_after_a_kill(finished, tmp_path):
    """After a kill: a corpus without its info file, no complete checkpoint, no evaluation."""
    words, run = finished
    killed = tmp_path / "killed"
    shutil.copytree(run, killed)
    (killed / "corpora/train/dataset_info.json").unlink()
    (killed / "results.json").unlink()
    shutil.rmtree(killed / "evaluation")
    shutil.rmtree(killed / "checkpoints")
    assert main(in_workdir(words, killed)) == 0
    before, after = (json.loads((folder / "results.json").read_text()) for folder in (run, killed))
    assert after["scores"] == before["scores"] and after["rows"] == before["rows"]


@pytest.mark.nightly
def test_starts_from_an_earlier_run(finished, tmp_path):
    words, run = finished
    tuned = in_workdir(words[:-2], tmp_path / "tuned")
    rate = "--config.training.optimizer.learning_rate=1e-20"  # so small a step changes nothing
    assert main([*tuned, "--weights", str(run), rate, "--held-out", "0"]) == 0
    before, after = (
        dict(param_tree.leaves_with_paths(load(str(one), Answers).params)) for one in (run, tmp_path / "tuned")
    )
    for path, leaf in before.items():
        np.testing.assert_array_equal(leaf, after[path], "/".join(path))
    assert not json.loads((tmp_path / "tuned/results.json").read_text())["scores"]


def test_bad_rows_write_nothing(tmp_path, tiny_corpus, capsys):
    rows = write_rows(tmp_path / "rows.jsonl", tiny_corpus, change={2: {"answer": ""}, 3: {"start": 3}})
    words = ["finetune", str(rows), "--videos", str(tiny_corpus / "videos"), "--workdir", str(tmp_path / "run")]
    assert main(words) == 2
    err = capsys.readouterr().err
    assert (
        "2 of 36 rows cannot be used" in err
        and "\n  line 2: answer is missing" in err
        and "\n  line 3: has start 3 but no end" in err
        and "Traceback" not in err
    )
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--weights", "absent"], "--weights absent does not exist; give the folder of a run"),
        (["--weights", "released"], "downloads/"),
        (["--weights", "released", "--config", ONE_CHIP], "downloads/timesuite.pth does not exist"),
        (["--weights", "released", "--config.text.tokenizer=absent/mine"], "no tokenizer at absent/mine"),
        (["--weights", "tiny", "--config", ONE_CHIP], "--weights tiny has a config of its own; leave --config out"),
        (["--weights", "tiny", "--weights", "released"], "--weights released is a whole model; give it without other"),
        (["--config.training.epochs=nan"], "training.epochs=nan is not a finite number"),
        (["--config.training.epoch=3"], "config.training has no 'epoch'; did you mean 'epochs'?"),
        (["--config", "configs/mqsa_ted/beauty.py:debug"], "is a mqsa_ted model, not one that answers questions"),
    ],
)
def test_settings_are_checked_before_rows(tmp_path, capsys, options, expected):
    (tmp_path / "rows.csv").write_text("this file is not read\n")
    (tmp_path / "videos").mkdir()
    words = ["finetune", str(tmp_path / "rows.csv"), "--videos", str(tmp_path / "videos")]
    assert main([*words, "--workdir", str(tmp_path / "run"), *options]) == 2
    assert expected in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_folder_with_another_run_is_refused(tiny_run, tmp_path, tiny_corpus, capsys):
    rows = write_rows(tmp_path / "rows.jsonl", tiny_corpus)
    assert main(["finetune", str(rows), "--videos", str(tiny_corpus / "videos"), "--workdir", str(tiny_run)]) == 2
    err = capsys.readouterr().err
    assert "has a run that `timesuite finetune` did not start; give another --workdir" in err
    assert f"--weights {tiny_run}" in err
