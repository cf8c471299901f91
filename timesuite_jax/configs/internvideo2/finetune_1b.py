"""Fine-tuning of the InternVideo2 1B on action recognition (upstream's `full_tuning/*/1B_*.sh`).

    timesuite train configs/internvideo2/finetune_1b.py:k710 --workdir gs://my-bucket/k710
    timesuite train configs/internvideo2/finetune_1b.py:k400,v5e-256 --workdir gs://my-bucket/k400

After the colon, the data set: `k710` from the model of stage 1, `k400`, `k600` and `k700` from that of `k710` (with
`_f16` on 16 frames), `mit` from that of `k400`, `ssv1` and `ssv2` from stage 1. `,v5e-256` is the preset of a TPU, see
pods.py; `,debug` is the small form.
"""

from ml_collections import ConfigDict

from timesuite_jax.configs.internvideo2.action import Run, action_config, make_small
from timesuite_jax.configs.internvideo2.pods import PODS_1B as PODS
from timesuite_jax.configs.variants import split_variant

STAGE_1 = ("encoder=downloads/InternVideo2-Stage1-1B-224p-K400/1B_pt.pth",)
K710, K400 = ("downloads/1B_ft_k710_f8.pth",), ("classifier=downloads/1B_ft_k710_ft_k400_f8.pth",)
COMMON = {"layer_decay": 0.9, "drop_path": 0.3}
KINETICS = Run(256, 3, 0, 1e-5, start=K710, **COMMON)
KINETICS_F16 = Run(256, 3, 0, 1e-5, frames=16, start=K710, **COMMON)
RUNS = {
    "k710": Run(256, 9, 2, 5e-5, start=STAGE_1, **COMMON),
    **dict.fromkeys(("k400", "k600", "k700"), KINETICS),
    **dict.fromkeys(("k400_f16", "k600_f16", "k700_f16"), KINETICS_F16),
    # One augmentation of each video: the data set is large.
    "mit": Run(256, 15, 5, 5e-5, start=K400, num_sample=1, **COMMON),
    "ssv1": Run(256, 9, 3, 1e-4, start=STAGE_1, layer_decay=0.915, drop_path=0.3),
    "ssv2": Run(256, 8, 3, 1e-4, start=STAGE_1, layer_decay=0.915, drop_path=0.3),
}
FORMS = ("debug", *PODS)
VARIANTS = (*RUNS, *FORMS)


def get_config(arg: str | None = None) -> ConfigDict:
    name, form = split_variant(arg, RUNS, "k710", forms=FORMS)
    config = action_config("1b", name.removesuffix("_f16"), RUNS[name])
    config.weights.position_frames = 8  # of stage 1 and of all fine-tuned models that runs start from
    if form in PODS:
        PODS[form].place(config)
    return make_small(config) if form == "debug" else config
