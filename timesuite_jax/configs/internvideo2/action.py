"""What the configs of action recognition share: data sets, the config of a run, and its small form.

Learning rates are those of upstream's scripts, for 256 clips, and are multiplied by the clips of a batch; so are the
minimum and the start of the warm-up, 1e-6 where a script does not set them.
"""

import dataclasses
from typing import Any

from ml_collections import ConfigDict, config_dict

DEBUG_CORPUS = "data/actions_debug"
WARMUP_START = 1e-6
FULL_AUGMENT, PROBE_AUGMENT = "rand-m7-n4-mstd0.5-inc1", "rand-m5-n2-mstd0.25-inc1"
NO_DECAY = ("vision/cls_token", "vision/positions/*")  # beside vectors; upstream's `no_weight_decay`


@dataclasses.dataclass(frozen=True)
class DataSet:
    """Classes of a data set, and how its frames are chosen."""

    classes: int
    sampling: str = "sparse"


DATA_SETS = {
    "k710": DataSet(710),
    "k400": DataSet(400),
    "k600": DataSet(600),
    "k700": DataSet(700),
    "mit": DataSet(339),
    "ssv1": DataSet(174, "segments"),
    "ssv2": DataSet(174, "segments"),
    "anet": DataSet(200),
    "hacs": DataSet(200),
    "ucf101": DataSet(101, "dense4"),
    "hmdb51": DataSet(51, "segments"),
}


@dataclasses.dataclass(frozen=True)
class Run:
    """A row of upstream's scripts.

    Attributes:
      batch: videos of a step.
      epochs: passes over the videos.
      warmup: epochs of them that warm up.
      rate: the learning rate for 256 clips.
      frames: of a clip.
      start: files, as in `config.weights.files`.
      minimum: of the learning rate, for 256 clips.
      num_sample: clips of a video with the same frames and other augmentations (repeated augmentation).
      layer_decay: see `ActionConfig`.
      drop_path: of the last block.
      views: clips and crops of a test.
      vision: fields of the encoder.
      head: fields of the model.
      weight_decay: of matrices.
    """

    batch: int
    epochs: int
    warmup: int
    rate: float
    frames: int = 8
    start: tuple[str, ...] = ()
    minimum: float = 1e-6
    num_sample: int = 2
    layer_decay: float = 1.0
    drop_path: float = 0.0
    views: tuple[int, int] = (4, 3)
    vision: dict[str, Any] = dataclasses.field(default_factory=dict)
    head: dict[str, Any] = dataclasses.field(default_factory=dict)
    weight_decay: float = 0.05


def action_config(variant: str, data_set: str, run: Run, *, trained: tuple[str, ...] = ("*",)) -> ConfigDict:
    """The config of a run on a data set whose corpora are data/<data_set>_train and data/<data_set>_val."""
    data, full = DATA_SETS[data_set], trained == ("*",)
    opened = full or any(pattern.startswith("vision/") for pattern in trained)
    rate = run.rate * run.batch * run.num_sample / 256
    fresh = all(file.startswith(("encoder=", "stage2=", "classifier=")) for file in run.start)
    missing = ("head.*",)
    if not any(file.startswith("classifier=") for file in run.start):
        missing += ("fc_norm.*",)
    if run.head.get("extra_mlp"):
        missing += ("extra_mlp.*",)
    if run.head.get("merge", "proj") != "proj":
        missing += ("down.*", "down_norm.*")
    config = ConfigDict()
    config.task = "internvideo2_action"
    config.model = ConfigDict(
        {
            "variant": variant,
            "num_classes": data.classes,
            **run.head,
            "vision": {
                "num_frames": run.frames,
                "image_size": 224,
                "positions": "joint",
                "drop_path": run.drop_path,
                # Upstream's fused kernels, which trained all released weights, have the tanh form of GELU.
                "activation": "gelu_tanh",
                "dtype": "bfloat16",
                # What is frozen loses nothing in bfloat16; trained parameters are float32, as DeepSpeed's master copy.
                "param_dtype": "float32" if opened else "bfloat16",
                "remat": "dots" if full else "none",
                "attention": "auto",
                **run.vision,
            },
        }
    )
    config.weights = ConfigDict(
        {
            "files": run.start,
            "expect_missing": missing if fresh and run.start else (),
            "expect_unused": (),
            "head_rows": config_dict.placeholder(str),  # of Kinetics-600 and -700, see docs/action_recognition.md
            # Frames of the files' position embeddings; they are interpolated to the model's.
            "position_frames": 0,
        }
    )
    config.data = ConfigDict(
        {
            "corpora": (f"data/{data_set}_train",),
            "batch_size": run.batch,
            "num_sample": run.num_sample,
            "sampling": data.sampling,
            "augmentation": {
                "rand_augment": FULL_AUGMENT if full else PROBE_AUGMENT,
                "interpolation": "bicubic",
                "erase_probability": 0.25,
                # Records of Something-Something are directional, and never mirrored.
                "flip_probability": 0.5,
            },
            # As the usual copies of Kinetics; larger frames are reduced while they are decoded.
            "decode_side": max(320, run.vision.get("image_size", 224)),
            "threads": 32,
        }
    )
    config.evaluation = ConfigDict(
        {
            "corpora": (f"data/{data_set}_val",),
            "views": {"clips": run.views[0], "crops": run.views[1], "place": "test"},
            "batch_size": 8,
            "limit": config_dict.placeholder(int),
        }
    )
    # Upstream's probes leave mixup at its defaults, too.
    config.mixing = ConfigDict({"mixup": 0.8, "cutmix": 1.0, "probability": 1.0, "cutmix_probability": 0.5})
    config.label_smoothing = 0.1
    config.layer_decay = run.layer_decay
    config.trained = trained
    config.classes = ()  # names; those of the corpora
    config.training = ConfigDict(
        {
            "epochs": float(run.epochs),
            "total_steps": 0,  # length of the run in steps, instead of epochs
            "interval": "epoch",
            "seed": 0,
            "log_every": 1,
            "eval_every": 1,
            "save_every": 1,
            "keep": 2,
            "best": "",  # metric of the evaluations, e.g. "k400_val/top1": its best checkpoint is kept, too
            "patience": 0,
            "accumulate": 1,
            "profile_at": 0,
            "process_timeout": 300.0,
            "optimizer": {
                "learning_rate": rate,
                "schedule": "cosine",
                "warmup_epochs": float(run.warmup),
                "warmup_start_ratio": WARMUP_START / run.rate,
                "min_lr_ratio": run.minimum / run.rate,
                "weight_decay": run.weight_decay,
                "no_decay": NO_DECAY,
                "clip_norm": config_dict.placeholder(float),  # none upstream
            },
            # Trained encoders have four bytes a parameter three times; a frozen one fits a chip up to the 1B.
            "mesh": {"replica": 1, "data": 1 if full or variant == "6b" else -1,
                     "fsdp": -1 if full or variant == "6b" else 1, "tensor": 1},
        }
    )  # fmt: skip
    return config


def make_small(config: ConfigDict) -> ConfigDict:
    """A form for laptops with all parts of a run: a minute on a CPU.

    `timesuite data synthetic --actions --videos 240 --out data/actions_debug` makes its corpus.
    """
    head = {name: config.model[name] for name in ("extra_mlp", "merge", "merge_norm") if name in config.model}
    if not head:  # a head that reads each frame learns their order in a hundred steps
        head = {"merge": "cls_avgN_proj", "merge_norm": "LN"}
    # From random parameters: scales that are small for the sake of pretrained ones would cost the first hundred steps.
    vision = {"drop_path": 0.0, "layer_scale": 0.1}
    config.model = ConfigDict({"variant": "debug", "num_classes": 0, "init_scale": 1.0, **head, "vision": vision})
    config.weights = ConfigDict(
        {"files": (), "expect_missing": (), "expect_unused": (), "head_rows": config_dict.placeholder(str),
         "position_frames": 0}
    )  # fmt: skip
    config.data.update(corpora=(DEBUG_CORPUS,), batch_size=32, num_sample=1, decode_side=32, threads=2)
    config.data.update(sampling="middle", cache_decoded=True)  # each video is decoded once
    config.data.augmentation.update(rand_augment="", erase_probability=0.0, flip_probability=0.0, area=(0.8, 1.0))
    config.evaluation.update(corpora=(DEBUG_CORPUS,), batch_size=8)
    config.evaluation.views.update(clips=1, crops=1)  # of that sampling
    config.mixing.probability = 0.0
    config.layer_decay = 1.0
    config.trained = ("*",)  # nothing is pretrained, so nothing is frozen
    config.training.update(
        epochs=0.0, total_steps=300, interval="step", log_every=50, eval_every=0, save_every=300, accumulate=1
    )
    config.training.optimizer.update(
        learning_rate=1e-2, warmup_epochs=0.0, warmup_steps=10.0, warmup_start_ratio=0.0, min_lr_ratio=0.1
    )
    config.training.mesh.update(data=-1, fsdp=1)
    return config
