"""Stage 2 of InternVideo2-1B: videos and images with captions (`scripts/pretraining/stage2/1B/config.py` upstream).

    timesuite train configs/internvideo2/stage2.py --workdir gs://my-bucket/stage2_1b
    timesuite train configs/internvideo2/stage2.py:debug --workdir runs/stage2

`:6b` is the larger model, `:unmasked` the second step of the paper, which continues from a masked run. The debug form
trains on the corpus of `timesuite data synthetic --captions --out data/captions_debug`.
"""

import dataclasses

from ml_collections import ConfigDict

from timesuite_jax.configs.variants import check_variant

VARIANTS = ("6b", "unmasked", "debug")
DEBUG_CORPUS = "data/captions_debug"
# Upstream's list is not released; it names the kinds of data: each is a corpus of captions of your own.
VIDEOS, IMAGES = (
    ("data/webvid10m", "data/internvid_flt"),
    ("data/cc3m", "data/cc12m", "data/coco", "data/vg", "data/sbu"),
)
# Class tokens, positions and the temperature have no weight decay upstream, as vectors and biases.
NO_DECAY = ("*/cls_token", "*positions/*")


@dataclasses.dataclass(frozen=True)
class Size:
    """A row of upstream's scripts."""

    batch: int  # pairs of a step, of all GPUs together
    epochs: int
    max_tokens: int
    drop_path: float
    encoder: str


SIZES = {
    "1b": Size(64 * 64, 10, 32, 0.25, "downloads/InternVideo2-stage1-1b.bin"),
    "6b": Size(64 * 256, 5, 40, 0.3, "downloads/InternVideo2-stage1-6b.bin"),
}
# What is new in this stage. In the 1B, images have positions of their own, which stage 1 lacks.
NEW = ("fusion/layers/cross_attention/*", "vision_proj/*", "text_proj/*", "match_head/*", "temperature")
NEW_OF = {"1b": ("*positions/image",), "6b": ("memory_proj/*", "memory_norm/*")}


def stage2_config(variant: str) -> ConfigDict:
    """The config of the masked step for a size."""
    size = SIZES[variant]
    types = {"dtype": "bfloat16", "remat": "full"}  # as upstream's activation checkpointing
    config = ConfigDict({"task": "internvideo2_video_text"})
    config.model = ConfigDict(
        {
            "variant": variant,
            "vision": {**types, "drop_path": size.drop_path, "attention": "auto"},
            "text": dict(types),
        }
    )
    # Of 1,024 patches of four frames 205 are visible, of the 256 of an image 128: over the whole clip, unlike stage 1.
    config.mask = ConfigDict(
        {
            "video": {"kind": "random", "scope": "clip", "ratio": 0.8},
            "image": {"kind": "random", "scope": "clip", "ratio": 0.5},
        }
    )
    config.loss = ConfigDict(
        {
            "contrastive": 1.0,
            "matching": 1.0,
            "words": 1.0,
            # Weight 0 in both released configs: the alignment with InternVL is that of stage 1.
            "layers": 0.0,
            "pooled": 0.0,
            "negatives": "hard",
            "negative_rows": 64,  # those of a GPU upstream; 0 for the whole batch
            "hidden_words": 0.5,
            # The true gradient. The number of upstream's GPUs, 64 or 256, gives its gradient, in which the contrastive
            # term is by this factor weaker beside the others.
            "contrastive_processes": 1,
            "chunk": 16,
        }
    )
    config.trained = ("*",)
    config.weights = ConfigDict(
        {
            "files": (f"encoder={size.encoder}", "text=downloads/bert-large-uncased/model.safetensors"),
            "expect_missing": (*NEW, *NEW_OF[variant]),
            "expect_unused": (),
            "position_frames": 8,  # stage 1 has eight frames, of which this stage's positions are interpolated
        }
    )
    config.data = ConfigDict(
        {
            "corpora": VIDEOS,
            "image_corpora": IMAGES,
            "batch_size": size.batch,
            "sampling": "intervals",
            "captions": "answers",
            "tokenizer": "downloads/bert-large-uncased",
            "max_tokens": size.max_tokens,
            "augmentation": {"area": (0.5, 1.0), "interpolation": "bicubic", "flip_probability": 0.5},
            "threads": 32,
        }
    )
    config.training = ConfigDict(
        {
            "epochs": float(size.epochs),
            "total_steps": 0,  # length of the run in steps, instead of epochs
            "interval": "epoch",
            "seed": 0,
            "log_every": 1,
            "eval_every": 0,
            "save_every": 1,
            "keep": 2,
            "best": "",
            "patience": 0,
            "accumulate": 1,  # negatives are those of a microbatch
            "profile_at": 0,
            "process_timeout": 300.0,
            "optimizer": {
                "learning_rate": 5e-5,  # whatever the batch
                "schedule": "clipped_cosine",
                "warmup_epochs": 1.0,
                "min_lr_ratio": 0.01,
                "b2": 0.98,
                "eps": 1e-8,
                "weight_decay": 0.05,
                "no_decay": NO_DECAY,
                "clip_norm": 3.0,
            },
            "mesh": {"replica": 1, "data": 1, "fsdp": -1, "tensor": 1},
        }
    )
    return config


def unmasked(config: ConfigDict) -> ConfigDict:
    """The second step of the paper (section 3.2), whose config is not released.

    All patches are visible, and the video encoder is frozen. The number of epochs is ours.
    """
    config.mask.video.ratio = config.mask.image.ratio = 0.0
    config.trained = (
        "text/*",
        "fusion/*",
        "word_head/*",
        "vision_proj/*",
        "text_proj/*",
        "match_head/*",
        "temperature",
    )
    config.model.vision.update(drop_path=0.0, remat="none", param_dtype="bfloat16")  # frozen: this loses nothing
    config.weights.update(files=("downloads/stage2_1b_masked.safetensors",), expect_missing=(), position_frames=0)
    config.training.epochs = 1.0
    config.training.optimizer.warmup_epochs = 0.2
    return config


def small_config(config: ConfigDict) -> ConfigDict:
    """A form for laptops with all parts of a run; most of its time is compiling the step, for videos and for images."""
    config.model = ConfigDict(
        {
            "variant": "debug",
            "vision": {"layer_scale": 0.1},  # from random parameters, a smaller one costs the first hundred steps
            "text": {"hidden_dropout": 0.0, "attention_dropout": 0.0},
        }
    )
    config.weights.update(files=(), expect_missing=(), position_frames=0)
    config.data.update(corpora=(DEBUG_CORPUS,), image_corpora=(DEBUG_CORPUS,), tokenizer=DEBUG_CORPUS, max_tokens=8)
    config.data.update(batch_size=16, sampling="middle", cache_decoded=True, decode_side=32, threads=2)
    config.data.augmentation.update(area=(0.8, 1.0), flip_probability=0.0)
    config.mask.video.ratio = config.mask.image.ratio = 0.5
    config.loss.negative_rows = 0
    config.training.update(epochs=0.0, total_steps=100, interval="step", log_every=20, save_every=100)
    config.training.optimizer.update(learning_rate=3e-3, warmup_epochs=0.0, warmup_steps=10.0, min_lr_ratio=0.1)
    config.training.mesh.update(data=-1, fsdp=1)
    return config


def get_config(arg: str | None = None) -> ConfigDict:
    check_variant(arg, VARIANTS)
    config = stage2_config("6b" if arg == "6b" else "1b")
    if arg == "unmasked":
        return unmasked(config)
    return small_config(config) if arg == "debug" else config
