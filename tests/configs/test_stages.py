"""The original's three stages: what they train, on what shapes, at which rates; and their small variants train."""

import json
import shlex

import jax
import pytest
from flax import linen as nn
from ml_collections import ConfigDict

from tests.support.one_device import train_on_one_device
from tests.support.paths import CONFIGS
from timesuite_jax import param_tree
from timesuite_jax.cli import train as train_command
from timesuite_jax.cli._configs import load_config
from timesuite_jax.cli.main import main
from timesuite_jax.training import TrainingSpec, schedule
from timesuite_jax.training.randomness import root
from timesuite_jax.videochat_t.config import VideoChatTConfig
from timesuite_jax.videochat_t.model.spec import VideoChatTSpec
from timesuite_jax.videochat_t.protocol import apply_protocol
from timesuite_jax.videochat_t.task import VideoChatTask

FOLDER = CONFIGS / "timesuite"
STAGES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in ("pods", "paper", "__init__"))
FORMS = [stage + form for stage in STAGES for form in ("", ":debug", ":v5e-8", ":v5p-128", ":2x-v5e-256")] + [
    "paper",
    "paper:debug",
]


def load(form: str) -> ConfigDict:
    stage, _, arg = form.partition(":")
    return load_config(f"{FOLDER}/{stage}.py" + (f":{arg}" if arg else ""))


def test_there_are_three_stages():
    assert STAGES == ["finetune", "linear_p", "linear_pro_ada"]


@pytest.mark.parametrize("form", FORMS)
def test_specs_are_built(form):
    config = load(form)
    task = VideoChatTConfig.from_config(config)
    spec = TrainingSpec.from_config(config.training)
    assert max(task.data.buckets) > task.model.video_tokens
    # What a run saves beside its checkpoints must come back as it was.
    again = ConfigDict(json.loads(json.dumps(config.to_dict())))
    assert VideoChatTConfig.from_config(again) == task and TrainingSpec.from_config(again.training) == spec


@pytest.mark.parametrize(
    ("stage", "frames", "tokens", "text"), [("linear_p", 192, 576, 1536), ("linear_pro_ada", 128, 384, 1024),
                                            ("finetune", 128, 384, 1024)]
)  # fmt: skip
def test_full_form_is_the_released_model(stage, frames, tokens, text):
    task = VideoChatTask.from_config(load(stage))
    spec = task.config.model
    assert (spec.num_frames, spec.video_tokens) == (frames, tokens)
    assert (spec.vision.width, spec.vision.blocks, spec.vision.image_size) == (1024, 23, 224)
    assert max(task.config.data.buckets) == tokens + text
    assert task.config.data.batch_size == 32
    params = nn.meta.unbox(task.abstract_params())
    leaves = {"/".join(path): leaf for path, leaf in param_tree.leaves_with_paths(params)}
    trained = {path for path in leaves if task.trainable(tuple(path.split("/")))}
    tops = {path.split("/")[0] for path in trained if not path.endswith(("lora_a", "lora_b"))}
    expected = {"qformer", "query_tokens", "extra_query_tokens", "clip_proj", "merge_proj"}
    assert tops == expected | ({"temp_adap"} if spec.tape else set())
    for path in leaves:
        adapter = path.endswith(("lora_a", "lora_b"))
        assert (path in trained) == (adapter or path.split("/")[0] in tops), path
    # The seven projections of a layer and the head.
    adapted = {path.rpartition("/")[0] for path in trained if path.endswith("lora_a")}
    assert len(adapted) == 8 and "mistral/lm_head" in adapted
    assert 7.2e9 < sum(leaf.size for path, leaf in leaves.items() if path.startswith("mistral/")) < 7.4e9


def test_one_chip_form_is_the_stage_on_a_quantised_base():
    """Same batch and schedule; all that is kept between steps leaves a third of 16 GB for the step itself."""
    whole, small = load("finetune"), load("finetune:one_chip")
    task = VideoChatTask.from_config(small)
    boxed = task.abstract_params()
    leaves = dict(param_tree.leaves_with_paths(nn.meta.unbox(boxed)))
    codes = {"/".join(path) for path in leaves if path[-1] == "quantized"}
    assert len(codes) == 7 and all(path.startswith("mistral/layers/") for path in codes)
    kept = sum(leaf.size * leaf.dtype.itemsize * (3 if task.trainable(path) else 1) for path, leaf in leaves.items())
    assert 11e9 < kept < 11.5e9
    assert TrainingSpec.from_config(small.training).accumulate == small.data.batch_size
    assert (small.model.qformer.remat, whole.model.qformer.remat) == ("full", "dots")
    small.model.mistral.weight_format, small.training.accumulate = "float", 1
    small.model.qformer.remat = whole.model.qformer.remat
    assert small == whole


def test_released_weights_read_clip_texts_as_they_were_trained():
    """New models use whatever is independent of other clips."""
    assert {load(stage).model.clip_text_padding for stage in [*STAGES, "paper"]} == {"left_per_video"}
    assert VideoChatTSpec.from_variant("released").clip_text_padding == "left_per_video"
    assert VideoChatTSpec.from_variant("debug").clip_text_padding == "right"


def test_paper_is_the_released_model_of_stage_c_under_another_protocol():
    paper, stage = load("paper"), load("finetune")
    assert paper.evaluation.protocol == "paper"
    paper.evaluation.protocol = "default"
    stage.evaluation.protocol = "default"
    assert paper == stage
    applied = apply_protocol(VideoChatTConfig.from_config(load("paper")))
    # The stamps of 128 frames of a video of 30 minutes take 965 tokens, a prompt with its system text 250.
    assert max(applied.data.buckets) >= 384 + 965 + 250 and applied.data.clip_text_length >= 80


# Printed by the original's scheduler at these epochs.
RATES = {
    "linear_p": {0: 5.0, 0.15: 5.0, 0.2: 6.667, 0.6: 20.0, 1.0: 18.66},
    "linear_pro_ada": {0: 3.0, 0.1: 14.976, 0.6: 12.243, 1.0: 7.802, 1.5: 3.0},
    "finetune": {0: 1.0, 0.1: 10.0, 1: 9.19, 2: 6.727, 3: 3.577, 5: 1.0},
}


@pytest.mark.parametrize("stage", STAGES)
def test_learning_rates_are_the_originals(stage):
    config = load(stage)
    spec = TrainingSpec.from_config(config.training)
    epochs = {"linear_p": 3, "linear_pro_ada": 2, "finetune": 5}[stage]
    assert spec.total_steps % epochs == 0
    rate = schedule.build(spec)
    for epoch, micro in RATES[stage].items():
        step = epoch * (spec.total_steps // epochs)
        assert float(rate(step)) * 1e6 == pytest.approx(micro, rel=1e-3), epoch
    for name, value in {"b1": 0.9, "b2": 0.999, "eps": 1e-8, "weight_decay": 0.02}.items():
        assert getattr(spec.optimizer, name) == value


COMMANDS = """
    timesuite data synthetic --out data/debug
    timesuite train configs/timesuite/linear_p.py:debug --workdir runs/debug
"""


def test_small_stages_with_tape_differ_in_the_schedule_alone():
    """So that one of them need not be trained below."""
    one, other = (load(f"{stage}:debug") for stage in ("linear_pro_ada", "finetune"))
    for part in ("model", "trained", "weights", "text"):
        assert one[part] == other[part]
    assert one.data == other.data


@pytest.mark.parametrize("stage", ["linear_p", "finetune"])
def test_debug_form_accepts_its_batches(stage, tiny_corpus):
    """The gradient of a batch of a corpus can be traced; the nightly test below compiles and trains it."""
    config = load(f"{stage}:debug")
    config.data.update(corpora=(str(tiny_corpus),), workers=0)
    config.text.update(tokenizer=str(tiny_corpus), clip_tokenizer=str(tiny_corpus))
    task = VideoChatTask.from_config(config)
    stream = task.train_data(seed=0, process_index=0, process_count=1)
    batch = next(stream)
    stream.close()
    trained, frozen = param_tree.split(nn.meta.unbox(task.abstract_params()), task.trainable)
    grads = jax.eval_shape(jax.grad(lambda *inputs: task.loss(*inputs)[0]), trained, frozen, batch, root(0, "train"))
    assert jax.tree.map(lambda leaf: leaf.shape, grads) == jax.tree.map(lambda leaf: leaf.shape, trained)


@pytest.mark.nightly
@pytest.mark.parametrize("stage", ["linear_p", "finetune"])
def test_debug_form_trains(stage, tmp_path, monkeypatch, capfd):
    """By the commands in linear_p.py and in `timesuite train --help`, with fewer videos and steps."""
    assert COMMANDS in (FOLDER / "linear_p.py").read_text()
    assert COMMANDS.replace("    ", "  ") in (train_command.__doc__ or "")
    monkeypatch.chdir(tmp_path)
    train_on_one_device(monkeypatch)
    make, train = (shlex.split(line)[1:] for line in COMMANDS.strip().splitlines())
    assert main([*make, "--videos", "8"]) == 0
    capfd.readouterr()
    train[1] = f"{FOLDER}/{stage}.py:debug"
    assert main([*train, "--config.training.total_steps=2", "--config.training.log_every=1", "--json"]) == 0
    metrics = json.loads(capfd.readouterr().out)
    assert metrics["step"] == 2 and 0 < metrics["loss"] < 20
    assert metrics["data"]["debug"]["used"] == 16 and metrics["data"]["debug"]["dropped"] == 0
