"""Every command reads from and writes to a bucket, or refuses it in one line."""

import importlib.util
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from etils import epath

from tests.support import ring_interactions, sample_videos
from tests.support.emulated_bucket import emulated_bucket
from tests.support.paths import TINY_CONFIG
from timesuite_jax.cli.main import main
from timesuite_jax.embeddings.video import read_features

QUESTION = "When is the red circle visible?"


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    with emulated_bucket() as url:
        yield url


@pytest.fixture(autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder, in which no folder named "gs:" may appear."""
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    assert not any(path.name.startswith("gs:") for path in tmp_path.rglob("*"))


def upload(source: Path, target: str) -> None:
    for file in source.rglob("*"):
        if file.is_file():
            (epath.Path(target) / file.relative_to(source).as_posix()).write_bytes(file.read_bytes())


def succeeds(capfd, *words) -> str:
    """The standard output of a command."""
    capfd.readouterr()
    code = main([str(word) for word in words])
    captured = capfd.readouterr()
    assert code == 0, captured.err
    return captured.out


def refused(capfd, *words) -> str:
    """The one line with which a command ends."""
    capfd.readouterr()
    assert main([str(word) for word in words]) == 2
    err = [line for line in capfd.readouterr().err.splitlines() if "Could not determine bucket type" not in line]
    assert len(err) == 1, err
    return err[0]


@pytest.mark.nightly
def test_a_run_in_a_bucket_is_trained_asked_evaluated_exported_and_resumed(bucket, tiny_corpus, tmp_path, capfd):
    run, corpus, video = f"{bucket}/runs/tiny", f"{bucket}/data/videos", tmp_path / "video.mp4"
    upload(tiny_corpus, corpus)
    video.write_bytes(sample_videos.numbered_video(24, rate=12.0))
    upload(tmp_path, f"{bucket}/videos")
    succeeds(capfd, "train", f"{TINY_CONFIG}:{corpus}", "--workdir", run)
    asked = json.loads(succeeds(capfd, "ask", video, QUESTION, "--workdir", run, "--json"))
    words = ["--json", "--timeline", f"{bucket}/out/answer.png"]
    again = json.loads(succeeds(capfd, "ask", f"{bucket}/videos/video.mp4", QUESTION, "--workdir", run, *words))
    assert again["answer"] == asked["answer"] and again["spans"] == asked["spans"]
    assert epath.Path(f"{bucket}/out/answer.png").read_bytes().startswith(b"\x89PNG")
    words = ["--data", corpus, "--limit", "2", "--predictions", f"{bucket}/out/answers.jsonl"]
    succeeds(capfd, "evaluate", "--workdir", run, *words)
    assert len(epath.Path(f"{bucket}/out/answers.jsonl").read_text().splitlines()) >= 2
    succeeds(capfd, "port", "export", "--workdir", run, "--out", f"{bucket}/out/tiny.safetensors")
    succeeds(capfd, "port", "export", "--workdir", run, "--out", "tiny.safetensors")
    assert epath.Path(f"{bucket}/out/tiny.safetensors").read_bytes() == Path("tiny.safetensors").read_bytes()
    succeeds(capfd, "port", "inspect", run)
    succeeds(capfd, "train", f"{run}/config.json", "--workdir", run, "--config.training.total_steps=3")
    assert epath.Path(f"{run}/checkpoints/3").exists()


def test_an_import_is_written_to_a_bucket(bucket, tiny_run, capfd):
    succeeds(capfd, "port", "export", "--workdir", tiny_run, "--out", "tiny.safetensors")
    succeeds(capfd, "port", "import", "tiny.safetensors", "--out", f"{bucket}/imported")
    succeeds(capfd, "port", "export", f"{bucket}/imported", "--out", "again.safetensors")
    assert Path("again.safetensors").read_bytes() == Path("tiny.safetensors").read_bytes()
    assert "gs://bucket/imported" in refused(capfd, "port", "import", "tiny.safetensors", "--out", f"{bucket}/imported")
    assert f"cp -r {bucket}/x.pth ." in refused(capfd, "port", "inspect", f"{bucket}/x.pth")


def test_corpora_are_made_and_shown_in_a_bucket(bucket, capfd):
    out = f"{bucket}/corpora/made"
    succeeds(capfd, "data", "synthetic", "--out", out, "--videos", "3")
    files = {path.name for path in epath.Path(out).iterdir()}
    assert {"dataset_info.json", "tokenizer.json", "annotations.json", "videos"} <= files
    assert "made: 3 records" in succeeds(capfd, "data", "inspect", out)
    words = ["--annotations", f"{out}/annotations.json", "--videos", f"{out}/videos"]
    succeeds(capfd, "data", "build", *words, "--out", f"{bucket}/corpora/built")
    succeeds(capfd, "data", "build", *words, "--out", "built")
    shards = [epath.Path(folder).glob("*.tfrecord") for folder in (f"{bucket}/corpora/built", "built")]
    here, there = ([shard.read_bytes() for shard in sorted(each)] for each in shards)
    assert here == there and here
    assert "already holds a corpus" in refused(capfd, "data", "build", *words, "--out", out)
    assert "must be on a disk" in refused(capfd, "data", "check", out)


@pytest.mark.nightly
def test_a_recommender_is_trained_and_used_in_a_bucket(bucket, tmp_path, capfd):
    data, run = f"{bucket}/ring.npz", epath.Path(f"{bucket}/runs/ring")
    ring_interactions.ring().save(epath.Path(data))
    ring_interactions.train(ring_interactions.ring_config(epath.Path(data)), run)
    history = epath.Path(f"{bucket}/history.json")
    history.write_text('["item 3", "item 4"]')
    shown = json.loads(succeeds(capfd, "recommend", "--workdir", run, "--history", history, "--json"))
    assert "item 5" in [each["item"] for each in shown["0"]["items"]][:2]
    succeeds(capfd, "evaluate", "--workdir", run, "--data", data)


def test_features_of_videos_in_a_bucket_are_written_to_a_bucket(bucket, encoder_model, tmp_path, capfd):
    videos, options = epath.Path(f"{bucket}/clips"), ["--window", "1", *encoder_model]
    for name, frames in (("a", 36), ("sub/b", 24)):
        (videos / f"{name}.mp4").write_bytes(sample_videos.numbered_video(frames))
    out = f"{bucket}/features"
    assert "features of 2 videos written" in succeeds(capfd, "features", videos, "--out", out, *options)
    (epath.Path(out) / "a.npz").unlink()
    shown = succeeds(capfd, "features", videos, "--out", out, *options)
    assert "features of 1 video written" in shown and "1 was there" in shown
    (tmp_path / "a.mp4").write_bytes((videos / "a.mp4").read_bytes())
    succeeds(capfd, "features", "a.mp4", "--out", "here", *options)
    here, there = (read_features(epath.Path(folder) / "a.npz") for folder in ("here", out))
    np.testing.assert_array_equal(here.features, there.features)
    np.testing.assert_array_equal(here.seconds, there.seconds)


def test_a_log_in_a_bucket_becomes_a_data_set_in_a_bucket(bucket, capfd):
    rows = "".join(f"{user},{item},{user * 10 + item}\n" for user in range(6) for item in range(6))
    epath.Path(f"{bucket}/log.csv").write_text("user,item,time\n" + rows)
    succeeds(capfd, "data", "interactions", f"{bucket}/log.csv", "--out", f"{bucket}/log.npz")
    with epath.Path(f"{bucket}/log.npz").open("rb") as file:
        assert int(np.load(file)["num_user"]) == 6


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["train", "{}/config.py", "--workdir", "w"], "must be on a disk"),
        (["quickstart", "--workdir", "{}/q"], "must be on a disk"),
        (["evaluate", "--workdir", "w", "--results", "{}/r"], "must be on a disk"),
        (["ask", "{}/absent.mp4", "When?", "--workdir", "w"], "absent.mp4 does not exist"),
        (["train", str(TINY_CONFIG), "--workdir", "gs:/bucket/run"], "write gs://bucket/run"),
        (["train", str(TINY_CONFIG), "--workdir", "gs://"], "names no bucket"),
        (["data", "synthetic", "--out", "gs:///x"], "names no bucket"),
        (["data", "synthetic", "--out", "gs:x"], "not gs:; write gs://x"),
        (["data", "synthetic", "--out", "GS://x/y"], "not GS://; write gs://x/y"),
        (["port", "inspect", "s3://bucket/x"], "gs://BUCKET/PATH are supported, not s3://"),
        (["data", "synthetic", "--out", "https://host/x"], "not https://"),
    ],
)
def test_what_is_not_supported_is_refused_in_one_line(bucket, words, expected, capfd):
    assert expected in refused(capfd, *(word.format(bucket) for word in words))


def test_a_bucket_that_does_not_exist_is_one_line(bucket, tiny_corpus, capfd):
    for words in (
        ["train", f"{TINY_CONFIG}:{tiny_corpus}", "--workdir", "gs://absent/run"],
        ["data", "synthetic", "--out", "gs://absent/x", "--videos", "1"],
    ):
        assert "absent" in refused(capfd, *words)


COMMANDS = (
    "train CONFIG --workdir gs://b/run",
    "evaluate --workdir gs://b/run",
    "ask gs://b/a.mp4 When? --workdir w",
    "ask a.mp4 When? --workdir gs://b/run",
    "features gs://b/a.mp4 --out f --workdir w",
    "features a.mp4 --out gs://b/f --workdir w",
    "recommend --workdir gs://b/run --history h.json",
    "port inspect gs://b/x",
    "port export --workdir gs://b/run --out x.safetensors",
    "data synthetic --out gs://b/x",
    "data build --annotations a.json --videos v --out gs://b/x",
    "data inspect gs://b/x",
    "data interactions log.csv --out gs://b/x.npz",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_without_gcsfs_the_extra_is_named(command, tiny_corpus, tmp_path, monkeypatch, capfd):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "gcsfs" else find(name, *rest))
    shutil.copy(tiny_corpus / "annotations.json", tmp_path / "a.json")
    for name in ("a.mp4", "h.json", "log.csv"):
        (tmp_path / name).write_text('["x"]')
    words = [word.replace("CONFIG", f"{TINY_CONFIG}:{tiny_corpus}") for word in command.split()]
    assert "pip install 'timesuite_jax[gcs]'" in refused(capfd, *words)
    assert not os.path.exists("gs:")  # noqa: PTH110
