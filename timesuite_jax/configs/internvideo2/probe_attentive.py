"""Attentive probes: attention pooling and head are trained on a frozen encoder (upstream's `attentive_probing/*.sh`).

    timesuite train configs/internvideo2/probe_attentive.py:1b_k710 --workdir runs/probe_k710

After the colon, size and data set: `1b` or `6b`, with `_k710` or `_ssv2` from the models of stages 1 and 2, `_k400`,
`_k600` or `_k700` from that of `k710`, or `_mit` from that of `k400`. `,debug` is the small form.
"""

from ml_collections import ConfigDict

from timesuite_jax.configs.internvideo2.action import Run, action_config, make_small
from timesuite_jax.configs.variants import split_variant

TRAINED = ("vision/pool/*", "fc_norm/*", "head/*")
# Epochs and warm-up on K710 and SSv2, their learning rate, epochs on MiT.
SIZES = {"1b": ("1B", 25, 5, 2e-4, 35), "6b": ("6B", 20, 4, 1e-4, 30)}
COMMON = {"frames": 16, "num_sample": 1, "minimum": 0.0, "weight_decay": 0.0, "views": (1, 3)}


def _runs() -> dict[str, Run]:
    runs = {}
    for size, (letter, epochs, warmup, rate, mit_epochs) in SIZES.items():
        # Stage 2 continued to train the encoder of stage 1, and its file overrides the other's.
        pretrained = (f"encoder=downloads/{letter}_pt.pth", f"stage2=downloads/{letter}_pt_stage2.pth")
        k710, k400 = (
            (f"downloads/{letter}_ap_k710_f16.pth",),
            (f"classifier=downloads/{letter}_ap_k710_ap_k400_f16.pth",),
        )
        runs[f"{size}_k710"] = Run(1024, epochs, warmup, rate, start=pretrained, **COMMON)
        for name in ("k400", "k600", "k700"):
            runs[f"{size}_{name}"] = Run(1024, 3, 0, 1e-5, start=k710, **COMMON)
        runs[f"{size}_mit"] = Run(1024, mit_epochs, warmup, rate, start=k400, **COMMON)
        # Time order is not in the pooled feature alone; upstream adds a feed-forward block for this data set.
        head = {"extra_mlp": True}
        runs[f"{size}_ssv2"] = Run(1024, epochs, warmup, rate, start=pretrained, head=head, **COMMON)
    return runs


RUNS = _runs()
VARIANTS = (*RUNS, "debug")


def get_config(arg: str | None = None) -> ConfigDict:
    name, form = split_variant(arg, RUNS, "1b_k710")
    size, _, data_set = name.partition("_")
    run = RUNS[name]
    trained = (*TRAINED, "extra_mlp/*", "extra_mlp_norm/*") if run.head else TRAINED
    config = action_config(size, data_set, run, trained=trained)
    # Models of stage 2 have positions of 4 frames, probes of 16.
    config.weights.position_frames = 4 if any(file.startswith("stage2=") for file in run.start) else 16
    return make_small(config) if form == "debug" else config
