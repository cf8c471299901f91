"""Distillation of InternVideo2-1B of stage 2 to small students (upstream's `scripts/distillation`).

    timesuite train configs/internvideo2/distill.py:small,v5e-256 --workdir gs://my-bucket/distill_small
    timesuite train configs/internvideo2/distill.py:debug --workdir runs/distill

After the colon: `small`, `base` (the default) or `large`; `,v5e-256` is the preset of a TPU, see pods.py. `debug`
trains on the corpus of `timesuite data synthetic --actions --out data/actions_debug`.
"""

from typing import Any

from ml_collections import ConfigDict

from timesuite_jax.configs.internvideo2.pods import PODS_DISTILL as PODS
from timesuite_jax.configs.internvideo2.reconstruction import MODEL_TYPES, Schedule, make_small, reconstruction_config
from timesuite_jax.configs.variants import split_variant

STUDENTS = ("small", "base", "large")
FORMS = ("debug", *PODS)
VARIANTS = (*STUDENTS, *FORMS)
BATCHES = {"small": 4096, "base": 4096, "large": 2048}
TEACHER_DEPTH, TEACHER_INTERVAL, LAYERS = 40, 3.34, 6
# The last block, and those that many blocks before it, rounded down: 23, 26, 29, 33, 36, 39.
TEACHER_LAYERS = tuple(sorted(TEACHER_DEPTH - int(TEACHER_INTERVAL * number) - 1 for number in range(LAYERS)))
# Drawn by the attention over all patches of the clip: 410 are visible.
MASK = {"kind": "attention", "scope": "clip", "ratio": 0.8}


def get_config(arg: str | None = None) -> ConfigDict:
    student, form = split_variant(arg, STUDENTS, "base", forms=FORMS)
    model: dict[str, Any] = {
        "student": {
            **{"variant": student, "num_frames": 8, "return_layers": (-6, -5, -4, -3, -2, -1), "drop_path": 0.05},
            "remat": "dots",
            **MODEL_TYPES,
        },
        # Upstream leaves the teacher in training mode, with drop path; here it is deterministic.
        "teacher": {
            **{"variant": "1b", "num_frames": 8, "return_layers": TEACHER_LAYERS, "param_dtype": "bfloat16"},
            **MODEL_TYPES,
        },
        "decoder": "mlp",
    }
    schedule = Schedule(BATCHES[student], rate=1e-3, epochs=101, warmup=20, clip_norm=5.0)
    config = reconstruction_config("internvideo2_distill", model, dict(MASK), schedule)
    config.weights.update(
        files=("teacher=downloads/InternVideo2-stage2_1b-224p-f4.pt",),
        teacher_position_frames=4,  # of stage 2; interpolated to 8
    )
    if form in PODS:
        PODS[form].place(config)
    if form != "debug":
        return config
    small = {
        "student": {"variant": "debug", "return_layers": (-2, -1)},
        "teacher": {"variant": "debug", "width": 48, "depth": 4, "return_layers": (-3, -1)},
        "decoder": "mlp",
    }
    return make_small(config, small)
