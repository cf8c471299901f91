"""Linear probes: a norm and a head are trained on a frozen encoder (upstream's `linear_probing/*.sh`).

    timesuite train configs/internvideo2/probe_linear.py:1b_k400 --workdir runs/linear_k400

After the colon, size and data set: `1b` (stage 1), `6b` (stage 1) or `6b_stage2`, with `_k400`, `_ssv2`, `_ucf101` or
`_hmdb51`. `,debug` is the small form.
"""

from ml_collections import ConfigDict

from timesuite_jax.configs.internvideo2.action import Run, action_config, make_small
from timesuite_jax.configs.variants import split_variant

TRAINED = ("fc_norm/*", "head/*")
COMMON = {"frames": 16, "num_sample": 1, "minimum": 0.0, "weight_decay": 0.0}
# The head reads the class token, the mean of each frame and the pooled feature: order in time is in the frames.
MERGED = {"merge": "cls_avgN_proj", "merge_norm": "LN"}
SIZES = {
    "1b": ("encoder=downloads/1B_pt.pth",),
    "6b": ("encoder=downloads/6B_pt.pth",),
    "6b_stage2": ("encoder=downloads/6B_pt.pth", "stage2=downloads/6B_pt_stage2.pth"),
}


def _runs() -> dict[str, Run]:
    runs = {}
    for size, start in SIZES.items():
        epochs, rate = (15, 1e-3) if size == "1b" else (9, 5e-4)
        common = {"start": start, **COMMON}
        runs[f"{size}_k400"] = Run(1024, epochs, 0, rate, views=(1, 3), **common)
        runs[f"{size}_ssv2"] = Run(1024, 25, 5, 1e-4, views=(1, 3), head=MERGED, **common)
        runs[f"{size}_ucf101"] = Run(512, 20, 0, 1e-3, views=(2, 1), head={"head_dropout": 0.5}, **common)
        runs[f"{size}_hmdb51"] = Run(512, 20, 0, 2e-3, views=(2, 1), head={"head_dropout": 0.3}, **common)
    return runs


RUNS = _runs()
VARIANTS = (*RUNS, "debug")


def get_config(arg: str | None = None) -> ConfigDict:
    name, form = split_variant(arg, RUNS, "1b_k400")
    size, _, data_set = name.rpartition("_")
    run = RUNS[name]
    trained = (*TRAINED, "down/*", "down_norm/*") if "merge" in run.head else TRAINED
    config = action_config(size.removesuffix("_stage2"), data_set, run, trained=trained)
    config.weights.position_frames = 4 if len(run.start) > 1 else 8
    return make_small(config) if form == "debug" else config
