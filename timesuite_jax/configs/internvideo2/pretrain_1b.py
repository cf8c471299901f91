"""Stage 1 of InternVideo2-1B: masked reconstruction of two teachers' tokens (`scripts/pretraining/1B_pt.sh` upstream).

    timesuite train configs/internvideo2/pretrain_1b.py --workdir gs://my-bucket/pretrain_1b
    timesuite train configs/internvideo2/pretrain_1b.py:debug --workdir runs/pretrain

`:v5e-256` is the preset of a TPU, see pods.py. The debug form trains on the corpus of
`timesuite data synthetic --actions --out data/actions_debug`.
"""

from typing import Any

from ml_collections import ConfigDict

from timesuite_jax.configs.internvideo2.pods import PODS_1B as PODS
from timesuite_jax.configs.internvideo2.reconstruction import MODEL_TYPES, Schedule, make_small, reconstruction_config
from timesuite_jax.configs.variants import check_variant

VARIANTS = ("debug", *PODS)
SCHEDULE = Schedule(batch=4096, rate=1.5e-4, epochs=301, warmup=40, clip_norm=3.0)  # 128 GPUs of 32 clips
LAST_6, LAST_4, LAST_2 = (-6, -5, -4, -3, -2, -1), (-4, -3, -2, -1), (-2, -1)
# 52 of the 256 patches of each frame are visible, drawn by the teacher's attention: 417 tokens with the class token.
MASK = {"kind": "attention", "scope": "frame", "ratio": 0.8}


def pretrain_config(variant: str, drop_path: float, schedule: Schedule) -> ConfigDict:
    """The config of stage 1 for a student of a size."""
    model: dict[str, Any] = {
        "student": {
            **{"variant": variant, "num_frames": 8, "return_layers": LAST_6, "drop_path": drop_path},
            "remat": "full",  # as upstream's activation checkpointing
            **MODEL_TYPES,
        },
        # InternVL-C's image encoder, frame by frame. Frozen, so bfloat16 storage loses nothing.
        "teacher": {
            **{"variant": "6b", "num_frames": 1, "return_layers": LAST_6, "layer_scale": 0.1},
            "param_dtype": "bfloat16",
            **MODEL_TYPES,
        },
        # VideoMAEv2-g sees 16 frames, two to a patch; student and image encoder see every second one. The attention is
        # upstream's, with which the released students were trained; "standard" is VideoMAE's own.
        "mae_teacher": {
            **{"variant": "giant", "return_layers": LAST_4, "attention_layout": "as_written"},
            "param_dtype": "bfloat16",
            **MODEL_TYPES,
        },
        "mae_return_layers": LAST_4,
        "decoder": "linear",
    }
    config = reconstruction_config("internvideo2_pretrain", model, dict(MASK), schedule)
    config.weights.files = (
        "teacher=downloads/internvl_c_13b_224px.pth",
        "mae_teacher=downloads/vit_g_hybrid_1200e_pre.pth",
    )
    return config


def small_config(config: ConfigDict) -> ConfigDict:
    """The debug form."""
    model = {
        "student": {"variant": "debug", "return_layers": LAST_2},
        "teacher": {"variant": "debug", "num_frames": 1, "return_layers": LAST_2},
        "mae_teacher": {"variant": "debug", "return_layers": LAST_2},
        "mae_return_layers": LAST_2,
        "decoder": "linear",
    }
    return make_small(config, model)


def get_config(arg: str | None = None) -> ConfigDict:
    check_variant(arg, VARIANTS)
    config = pretrain_config("1b", 0.25, SCHEDULE)
    if arg in PODS:
        PODS[arg].place(config)
    return small_config(config) if arg == "debug" else config
