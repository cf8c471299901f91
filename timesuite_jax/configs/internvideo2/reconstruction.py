"""What the configs of pretraining and of distillation share, and their small form.

Learning rates are those of upstream's scripts, for 256 clips, and are multiplied by the clips of a batch.
"""

import dataclasses
from typing import Any

from ml_collections import ConfigDict

DEBUG_CORPUS = "data/actions_debug"
# K-Mash is not released as one list: its parts are corpora of their own, see docs/action_recognition.md.
K_MASH = ("data/k710_train", "data/ssv2_train", "data/hacs_train", "data/anet_train", "data/mit_train")
# Beside vectors and biases, which have no weight decay anyway: class token and positions, as upstream.
NO_DECAY = ("*/cls_token", "*positions/*")
MIN_RATE = 1e-5  # for 256 clips
MODEL_TYPES = {"dtype": "bfloat16", "attention": "auto"}


@dataclasses.dataclass(frozen=True)
class Schedule:
    """The optimizer of one of upstream's scripts."""

    batch: int  # clips of a step, of all GPUs together
    rate: float  # learning rate for 256 clips
    epochs: int
    warmup: int  # epochs of them
    clip_norm: float


def reconstruction_config(task: str, model: dict[str, Any], mask: dict[str, Any], schedule: Schedule) -> ConfigDict:
    """The config of a run; weights are set by the caller."""
    config = ConfigDict({"task": task, "model": model, "mask": mask})
    config.loss = ConfigDict({"layers": 1.0, "pooled": 1.0, "mae_layers": 1.0})  # upstream weighs the terms equally
    config.weights = ConfigDict(
        {
            "files": (),
            "expect_missing": ("student/*",),  # new in this stage
            "expect_unused": (),
            # Frames of the files' position tables, which are then interpolated to the model's; 0: they have to fit.
            "position_frames": 0,
            "teacher_position_frames": 0,  # 1 for an image encoder of another resolution
        }
    )
    config.data = ConfigDict(
        {
            "corpora": K_MASH,
            "batch_size": schedule.batch,
            "sampling": "pretraining",
            # Records of Something-Something are directional, and never mirrored.
            "augmentation": {"crop": "multi_scale", "flip_probability": 0.5},
            "threads": 32,
        }
    )
    config.training = ConfigDict(
        {
            "epochs": float(schedule.epochs),
            "total_steps": 0,  # length of the run in steps, instead of epochs
            "interval": "epoch",  # unit of the intervals below
            "seed": 0,
            "log_every": 1,
            "eval_every": 0,  # features are evaluated by probes, see probe_attentive.py
            "save_every": 1,
            "keep": 2,
            "best": "",
            "patience": 0,
            "accumulate": 1,
            "profile_at": 0,
            "process_timeout": 300.0,
            "optimizer": {
                "learning_rate": schedule.rate * schedule.batch / 256,
                "schedule": "cosine",
                "warmup_epochs": float(schedule.warmup),
                # Upstream parses a first rate of the warm-up and does not pass it on: the warm-up starts at 0.
                "warmup_start_ratio": 0.0,
                "min_lr_ratio": MIN_RATE / schedule.rate,
                "b2": 0.98,
                "eps": 1e-6,
                "weight_decay": 0.05,
                "no_decay": NO_DECAY,
                "clip_norm": schedule.clip_norm,
            },
            # Student, moments and teachers are sharded over all chips.
            "mesh": {"replica": 1, "data": 1, "fsdp": -1, "tensor": 1},
        }
    )
    return config


def make_small(config: ConfigDict, model: dict[str, Any]) -> ConfigDict:
    """A form for laptops with all parts of a stage: a minute on a CPU.

    `timesuite data synthetic --actions --out data/actions_debug` makes its corpus. Teachers are fresh, too: their
    features are random functions of a clip, which a student can learn.
    """
    config.model = ConfigDict(model)
    config.weights.update(files=(), expect_missing=(), position_frames=0, teacher_position_frames=0)
    config.mask.update(ratio=0.5)
    config.data.update(corpora=(DEBUG_CORPUS,), batch_size=8, threads=2, decode_side=32)
    config.data.augmentation.update(crop="whole", flip_probability=0.0)
    config.training.update(epochs=0.0, total_steps=60, interval="step", log_every=10, save_every=60)
    config.training.optimizer.update(learning_rate=3e-3, warmup_epochs=0.0, warmup_steps=5.0, min_lr_ratio=0.1)
    config.training.mesh.update(data=-1, fsdp=1)
    return config
