"""A run that was moved to another folder, with all that it was trained from deleted, is used and resumed."""

import json
import shutil
from pathlib import Path

import pytest

from tests.support import ring_interactions, sample_videos
from tests.support.one_device import train_on_one_device
from tests.support.paths import TINY_CONFIG
from timesuite_jax.cli.main import main

QUESTION = "When is the red circle visible?"


def printed(capfd, *words):
    """What a command prints as JSON."""
    capfd.readouterr()
    code = main([str(word) for word in words])
    captured = capfd.readouterr()
    assert code == 0, captured.err
    return json.loads(captured.out)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "video.mp4"
    path.write_bytes(sample_videos.numbered_video(24, rate=12.0))
    return path


@pytest.mark.nightly
def test_a_moved_video_run_is_asked_evaluated_exported_and_resumed(tiny_corpus, video, tmp_path, monkeypatch, capfd):
    origin, target, corpus = tmp_path / "origin", tmp_path / "other/run", tmp_path / "other/corpus"
    shutil.copytree(tiny_corpus, origin / "videos")
    monkeypatch.chdir(origin)
    train_on_one_device(monkeypatch)
    assert main(["train", f"{TINY_CONFIG}:videos", "--workdir", "run"]) == 0
    asked = printed(capfd, "ask", video, QUESTION, "--workdir", "run", "--json")
    scored = printed(capfd, "evaluate", "--workdir", "run", "--data", "videos", "--limit", "2", "--json")
    printed(capfd, "port", "export", "--workdir", "run", "--out", tmp_path / "before.safetensors", "--json")

    shutil.copytree(origin / "videos", corpus)
    shutil.move(origin / "run", target)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    shutil.rmtree(origin)

    assert printed(capfd, "ask", video, QUESTION, "--workdir", target, "--json") == asked
    words = ["evaluate", "--workdir", target, "--limit", "2", "--json"]
    again = printed(capfd, *words, f"--config.evaluation.corpora=('{corpus}',)")
    assert {**again, "settings": None} == {**scored, "settings": None}
    assert main([*map(str, words), "--data", "videos"]) == 2  # the corpus was not moved with the run
    assert "config.evaluation.corpora: videos holds no corpus" in capfd.readouterr().err
    printed(capfd, "port", "export", "--workdir", target, "--out", tmp_path / "after.safetensors", "--json")
    exports = [(tmp_path / f"{name}.safetensors").read_bytes() for name in ("before", "after")]
    assert exports[0] == exports[1]

    words = [f"--config.data.corpora=('{corpus}',)", "--config.training.total_steps=3"]
    assert main(["train", str(target / "config.json"), "--workdir", str(target), *words]) == 0
    err = capfd.readouterr().err
    assert "config: training.total_steps: 2 -> 3" in err and "text.tokenizer:" not in err
    stored = json.loads((target / "config.json").read_text())
    assert stored["text"]["tokenizer"] == "./files/text.tokenizer/tokenizer.json"
    assert stored["training"]["total_steps"] == 3


def test_a_moved_video_run_answers_without_its_corpus_and_with_another_tokenizer(
    tiny_run, tiny_corpus, video, tmp_path, capfd
):
    words = ["ask", video, QUESTION, "--json", "--workdir"]
    expected = printed(capfd, *words, tiny_run)
    run = tmp_path / "other/run"
    shutil.copytree(tiny_run, run)
    for file in run.glob("*"):  # other tests read the corpus meanwhile, so that it cannot be moved
        if file.is_file() and str(tiny_corpus).encode() in (content := file.read_bytes()):
            file.write_bytes(content.replace(str(tiny_corpus).encode(), b"/absent"))
    assert printed(capfd, *words, run) == expected
    shutil.copy(tiny_corpus / "tokenizer.json", tmp_path / "mine.json")
    assert printed(capfd, *words, run, f"--config.text.tokenizer={tmp_path}/mine.json") == expected
    assert main([*map(str, words), str(run), "--config.text.tokenizer=absent.json"]) == 2
    assert "config.text.tokenizer: no tokenizer at absent.json" in capfd.readouterr().err


@pytest.mark.nightly
def test_a_moved_recommender_recommends_is_evaluated_and_resumed(tmp_path, monkeypatch, capfd):
    origin, target = tmp_path / "origin", tmp_path / "other/run"
    origin.mkdir()
    monkeypatch.chdir(origin)
    ring_interactions.ring().save(origin / "ring.npz")
    ring_interactions.train(ring_interactions.ring_config(Path("ring.npz")), Path("run"))
    (tmp_path / "history.json").write_text('["item 3", "item 4"]')
    recommend = ["recommend", "--history", tmp_path / "history.json", "--json"]
    recommended = printed(capfd, *recommend, "--workdir", "run")
    scored = printed(capfd, "evaluate", "--workdir", "run", "--json")

    target.parent.mkdir()
    shutil.move("run", target)
    monkeypatch.chdir(tmp_path)
    shutil.rmtree(origin)

    assert printed(capfd, *recommend, "--workdir", target) == recommended
    assert printed(capfd, "evaluate", "--workdir", target, "--json") == scored
    train_on_one_device(monkeypatch)
    words = ["--workdir", target, "--config.data.batch_size", "3", "--json"]
    steps = json.loads((target / "config.json").read_text())["training"]["total_steps"]
    result = printed(capfd, "train", target / "config.json", *words, f"--config.training.total_steps={steps + 2}")
    assert result["step"] == steps + 2


@pytest.mark.nightly
def test_a_run_of_epochs_resumes_with_another_batch_size(tmp_path, monkeypatch, capfd):
    """Two epochs in one batch each, and then in two batches each."""
    train_on_one_device(monkeypatch)
    ring_interactions.ring().save(tmp_path / "ring.npz")
    data, workdir = tmp_path / "ring.npz", tmp_path / "run"
    config = "configs/mqsa_ted/beauty.py:debug"
    words = ["--workdir", workdir, "--config.training.epochs=2", "--json"]
    users = ring_interactions.ring().num_users
    first = printed(capfd, "train", config, *words, f"--config.data.path={data}", f"--config.data.batch_size={users}")
    assert first["step"] == 2
    stored = json.loads((workdir / "config.json").read_text())["training"]
    assert (stored["epochs"], stored["total_steps"]) == (2.0, 0)
    code = main(
        ["train", str(workdir / "config.json"), *map(str, words[:2]), f"--config.data.batch_size={-(-users // 2)}"]
    )
    err = " ".join(capfd.readouterr().err.split())
    assert code == 0
    assert "training.epochs are converted to steps of the new batch size: 2 steps left" in err
    assert "training.total_steps" not in err and "step 4/4" in err
