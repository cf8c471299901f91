"""Fine-tuning of the InternVideo2 6B on action recognition (upstream's `full_tuning/*/6B_*.sh`).

    timesuite train configs/internvideo2/finetune_6b.py:k710,v6e-256 --workdir gs://my-bucket/k710_6b

After the colon, the data set: `k710` from the model of stage 1, `k400`, `k600` and `k700` from that of `k710` (with
`_f16` on 16 frames), `mit` from that of `k400`, `mit_336` from that of `mit` at 336 pixels, `ssv1` and `ssv2` from
stage 1, `anet` and `hacs` a probe with open attention pooling on the model of `k400`. `,v5p-128` and `,v6e-256`
are the presets of TPUs, see pods.py; `,debug` is the small form.
"""

from ml_collections import ConfigDict

from timesuite_jax.configs.internvideo2.action import Run, action_config, make_small
from timesuite_jax.configs.internvideo2.pods import PODS_6B as PODS
from timesuite_jax.configs.variants import split_variant

STAGE_1 = ("encoder=downloads/6B_pt.pth",)
K710, K400 = ("downloads/6B_ft_k710_f8.pth",), ("classifier=downloads/6B_ft_k710_ft_k400_f8.pth",)
COMMON = {"layer_decay": 0.915, "drop_path": 0.35}
KINETICS = Run(256, 1, 0, 1e-5, start=K710, minimum=1e-6, **COMMON)
KINETICS_F16 = Run(128, 1, 0, 1e-5, frames=16, start=K710, minimum=1e-6, **COMMON)
SSV = {"start": STAGE_1, "minimum": 0.0, "layer_decay": 0.915, "drop_path": 0.4, "views": (5, 3)}
POOL = Run(64, 40, 0, 2e-4, frames=16, start=K400, minimum=0.0, num_sample=1, head={"head_dropout": 0.5},
           weight_decay=0.0, views=(4, 3))  # fmt: skip
RUNS = {
    "k710": Run(256, 6, 1, 2.5e-5, start=STAGE_1, minimum=0.0, **COMMON),
    **dict.fromkeys(("k400", "k600", "k700"), KINETICS),
    **dict.fromkeys(("k400_f16", "k600_f16", "k700_f16"), KINETICS_F16),
    "mit": Run(256, 8, 2, 2.5e-5, start=K400, minimum=0.0, num_sample=1, **COMMON),
    "mit_336": Run(256, 2, 0, 1e-5, start=("downloads/6B_ft_k710_ft_k400_ft_mit_f8.pth",), minimum=0.0, num_sample=1,
                   layer_decay=0.915, drop_path=0.4, weight_decay=0.1, vision={"image_size": 336}),
    "ssv1": Run(256, 7, 2, 7.5e-5, **SSV),
    "ssv2": Run(256, 6, 2, 7.5e-5, **SSV),
    "anet": POOL,
    "hacs": POOL,
}  # fmt: skip
PROBED = ("vision/pool/*", "fc_norm/*", "head/*")
FORMS = ("debug", *PODS)
VARIANTS = (*RUNS, *FORMS)


def get_config(arg: str | None = None) -> ConfigDict:
    name, form = split_variant(arg, RUNS, "k710", forms=FORMS)
    trained = PROBED if RUNS[name] is POOL else ("*",)
    config = action_config("6b", name.removesuffix("_f16").removesuffix("_336"), RUNS[name], trained=trained)
    config.weights.position_frames = 8
    if form in PODS:
        PODS[form].place(config)
    return make_small(config) if form == "debug" else config
