"""Fine-tuning of the distilled InternVideo2 S, B and L (upstream's `full_tuning/*/{S14,B14,L14}_*.sh`).

    timesuite train configs/internvideo2/finetune_distilled.py:small_k710 --workdir runs/small_k710

After the colon, size and data set: `small`, `base` or `large`, with `_k710` from the distilled model, `_k400`, `_k600`
or `_k700` from that of K710, or `_ssv2` from the distilled one. `,debug` is the small form.

Upstream's scripts for SSv2 with B and L name other models; their values here are those of S.
"""

from ml_collections import ConfigDict

from timesuite_jax.configs.internvideo2.action import Run, action_config, make_small
from timesuite_jax.configs.variants import split_variant

# Letter of upstream's files; videos of a step, epochs and warm-up on K710.
SIZES = {"small": ("S14", 256, 35, 5), "base": ("B14", 256, 20, 4), "large": ("L14", 256, 14, 2)}
COMMON = {"layer_decay": 0.75, "drop_path": 0.1}


def _runs() -> dict[str, Run]:
    runs = {}
    for size, (letter, batch, epochs, warmup) in SIZES.items():
        distilled, k710 = (f"encoder=downloads/{letter}_dist_1B_stage2.pth",), (f"downloads/{letter}_ft_k710_f8.pth",)
        runs[f"{size}_k710"] = Run(batch, epochs, warmup, 2e-4, start=distilled, **COMMON)
        for name in ("k400", "k600", "k700"):
            runs[f"{size}_{name}"] = Run(1024, 5, 1, 2e-5, start=k710, **COMMON)
        runs[f"{size}_ssv2"] = Run(256, 30, 5, 5e-4, start=distilled, **COMMON)
    return runs


RUNS = _runs()
VARIANTS = (*RUNS, "debug")


def get_config(arg: str | None = None) -> ConfigDict:
    name, form = split_variant(arg, RUNS, "small_k710")
    size, _, data_set = name.partition("_")
    config = action_config(size, data_set, RUNS[name])
    config.weights.position_frames = 8
    return make_small(config) if form == "debug" else config
