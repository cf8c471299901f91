"""Protocols of evaluation: what they change, who may choose them, and that parameters and training stay the same."""

import dataclasses
import json

import jax
import pytest

from tests.support import sample_videos, tiny_config
from timesuite_jax import param_tree
from timesuite_jax.cli.main import main
from timesuite_jax.errors import UserError
from timesuite_jax.registry import build
from timesuite_jax.text import Turn
from timesuite_jax.videochat_t import protocol
from timesuite_jax.videochat_t.answering.predictor import VideoAnswer
from timesuite_jax.videochat_t.answering.requirements import Requirements
from timesuite_jax.videochat_t.benchmarks.grounding import GroundingBenchmark
from timesuite_jax.videochat_t.data.budget import DoesNotFit
from timesuite_jax.videochat_t.protocol import adapt, apply_protocol
from timesuite_jax.videochat_t.task import VideoChatTask


def task_of(corpus, **evaluation) -> VideoChatTask:
    config = tiny_config.get_config(str(corpus))
    config.evaluation.update(evaluation)
    config.model = {**config.model.to_dict(), "bos": "ones", "clip_text_padding": "left_per_batch"}
    config.data.update(sampling="upstream_random", transform="upstream")
    return build(config)


def changed(one, other, prefix="") -> dict:
    """Fields of two dataclasses that differ, with their values in the second."""
    found = {}
    for field in dataclasses.fields(one):
        before, after = getattr(one, field.name), getattr(other, field.name)
        if dataclasses.is_dataclass(before):
            found |= changed(before, after, f"{prefix}{field.name}.")
        elif before != after:
            found[prefix + field.name] = after
    return found


def test_paper_is_upstreams_evaluation(tiny_corpus):
    config = task_of(tiny_corpus, protocol="paper").config
    assert changed(config, apply_protocol(config)) == {
        "model.bos": "embedding",
        "model.clip_text_padding": "left_per_video",
        # Upstream's eval_infer.py; `tests/parity/videochat_t/test_transforms.py` compares pixels.
        "model.vision.pixel_mean": (0.48145466, 0.4578275, 0.40821073),
        "model.vision.pixel_std": (0.26862954, 0.26130258, 0.27577711),
        "data.layout": "evaluation",
        "data.sampling": "upstream_evaluation",
        "data.turns": "all",
        "data.shorten_time_text": False,
        "data.buckets": (16 + 4 * 8 + 512,),  # visual tokens, time stamps, the rest of the prompt
        "evaluation.max_new_tokens": 512,
    }


def test_requirements_of_benchmarks(tiny_corpus):
    config = apply_protocol(task_of(tiny_corpus, protocol="paper").config)
    assert changed(config, adapt(config, Requirements(answer_tokens=7))) == {}
    assert changed(config, adapt(config, Requirements(extra_tokens=100, each_second=True))) == {
        "model.vision.pixel_mean": (0.485, 0.456, 0.406),
        "model.vision.pixel_std": (0.229, 0.224, 0.225),
        "data.sampling": "upstream_each_second",
        "data.transform": "upstream_whole",
        "data.time_style": "integer",
        "data.buckets": (16 + 4 * 8 + 512 + 100,),
    }


def test_default_changes_nothing(tiny_corpus):
    task = task_of(tiny_corpus)
    assert task.config.evaluation.protocol == "default" and apply_protocol(task.config) is task.config
    processor = task.processor()
    # What is random in training is not: upstream's grid, and clip texts that do not depend on a batch.
    assert processor.settings["sampling"] == "upstream_evaluation"
    assert processor.settings["clip_text_padding"] == "left_per_video"


def test_parameters_and_training_do_not_depend_on_the_protocol(tiny_corpus):
    trained, paper = task_of(tiny_corpus), task_of(tiny_corpus, protocol="paper")
    shapes = [jax.tree.map(lambda leaf: leaf.shape, task.abstract_params()) for task in (trained, paper)]
    assert dict(param_tree.leaves_with_paths(shapes[0])) == dict(param_tree.leaves_with_paths(shapes[1]))
    assert trained.model == paper.model
    assert {name: value.shape for name, value in trained.abstract_batch().items()} == {
        name: value.shape for name, value in paper.abstract_batch().items()
    }


def test_unknown_protocols_are_rejected(tiny_corpus):
    with pytest.raises(UserError, match="protocol"):
        task_of(tiny_corpus, protocol="papr")
    task = task_of(tiny_corpus)
    assert task.with_protocol(None) is task
    with pytest.raises(UserError, match="unknown protocol 'papr'; choose one of default, paper"):
        task.with_protocol("papr")


def test_time_stamps_are_never_shortened_under_paper(tiny_corpus):
    task = task_of(tiny_corpus).with_protocol("paper")
    turns, long = [Turn("When? " * 300)], [float(second) for second in range(4)]
    refused = task.processor().conversation(turns, long)
    assert isinstance(refused, DoesNotFit) and "with all time stamps" in refused.reason
    fitted = task.processor().conversation([Turn("When?")], long)
    assert not isinstance(fitted, DoesNotFit) and fitted.cuts == ()


def test_commands(tiny_run, tiny_corpus, tmp_path, capfd, monkeypatch):
    """A run that was trained here is evaluated and asked under the paper's protocol; results name it."""
    monkeypatch.setattr(protocol, "_NEW_TOKENS", 4)
    words = ["--workdir", str(tiny_run), "--data", str(tiny_corpus), "--limit", "2", "--json"]
    assert main(["evaluate", *words, "--protocol", "paper", "--batch-size", "1", "--results", str(tmp_path)]) == 0
    assert json.loads(capfd.readouterr().out)["n"] >= 2  # questions of two records
    settings = json.loads((tmp_path / "result.json").read_text())["settings"]
    assert settings["protocol"] == "paper" and settings["model.upstream_text"] is True
    assert settings["model.bos"] == "embedding" and settings["model.inputs"]["layout"] == "evaluation"
    video = tmp_path / "video.mp4"
    video.write_bytes(sample_videos.numbered_video(24))
    asked = ["ask", str(video), "When?", "--workdir", str(tiny_run), "--max-new-tokens", "4"]
    assert main([*asked, "--protocol", "paper", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["duration"] == pytest.approx(2.0)
    assert main(["evaluate", *words, "--protocol", "papr"]) == 2
    assert "unknown protocol 'papr'; choose one of default, paper" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("name", "text", "spans"),
    [
        ("default", "From 3.0 to 5.0 seconds.", ((3.0, 5.0),)),
        ("paper", "From 3.0 to 5.0 seconds.", ()),
        ("paper", "It happens in 9.0 - 5.0 seconds, then 1 - 2.", ((5.0, 9.0),)),
        ("paper", "1..2 - 3", ()),  # the original's parser raises
    ],
)
def test_paper_reads_spans_as_upstream(tiny_corpus, name, text, spans):
    benchmark = GroundingBenchmark([str(tiny_corpus)], limit=1, protocol=name)
    (example,) = benchmark.examples()
    assert benchmark.read(VideoAnswer(text, 10.0), example).spans == spans
