"""MQSA-TED (arXiv:2311.01056) on Amazon Beauty with the released hyper-parameters.

    timesuite train configs/mqsa_ted/beauty.py --workdir runs/beauty
    timesuite train configs/mqsa_ted/beauty.py:short --workdir runs/beauty_short
    timesuite train configs/mqsa_ted/beauty.py:debug --workdir /tmp/beauty --config.data.path=beauty.npz

The values are the defaults of upstream's `main.py`, which its command for this data set does not change. After the
colon, separated by commas: ablations and `debug` (a small model, a few steps):

    short     queries from single items only: the short branch without the long one
    long      queries from window means only: the long branch without the short one
    no_ted    without transition distillation

`timesuite data interactions` makes the data file. For your own data give its path, or write a config like sports.py.
The number of steps per epoch follows from the number of users in the file.
"""

from ml_collections import ConfigDict, config_dict

from timesuite_jax.configs.variants import check_variant

VARIANTS = {
    "short": {"model": {"alpha": 1.0}},
    "long": {"model": {"alpha": 0.0}},
    "no_ted": {"loss": {"distillation": 0.0}},
    "debug": {
        # Of 8 values a dropout of 0.5 sometimes drops all, and at zero upstream's norm has a gradient of 1e12.
        "model": {"width": 8, "max_len": 10, "dropout": 0.1},
        "data": {"batch_size": 16, "evaluation_batch_size": 64},
        "training": {
            **{"epochs": 0.0, "total_steps": 4},
            **{"interval": "step", "log_every": 2, "eval_every": 4, "save_every": 4},
        },
    },
}


def get_config(arg: str | None = None, *, path: str = "data/beauty.npz") -> ConfigDict:
    config = ConfigDict(
        {
            "task": "mqsa_ted",
            "model": {"width": 64, "max_len": 50, "blocks": 1, "heads": 1, "window": 3, "alpha": 0.5, "dropout": 0.5},
            "loss": {"negatives": 0, "distillation": 0.1, "tau": 0.1, "span": 1, "l2": 1e-4, "chunk": 128},
            "data": {"path": path, "batch_size": 256, "evaluation_batch_size": 256},
            # Initial weights, e.g. an export of another run; upstream released none.
            "weights": {"files": (), "expect_missing": (), "expect_unused": ()},
            # Feature vectors of the items, for items with few interactions: see docs/mqsa_ted.md.
            "features": {"path": config_dict.placeholder(str), "use": "add"},
            "training": {
                "epochs": 200.0,
                "total_steps": 0,  # length of the run in steps, instead of epochs
                "seed": 2023,
                "interval": "epoch",  # unit of the three intervals below
                "log_every": 1,
                "eval_every": 1,
                "save_every": 10,
                "best": "validation/ndcg_20",  # upstream reports the first epoch with the highest value
                "patience": 0,  # upstream trains all epochs
                "keep": 3,
                "profile_at": 0,
                "process_timeout": 300.0,
                "accumulate": 1,
                "mesh": {"replica": 1, "data": -1, "fsdp": 1, "tensor": 1},  # items are sharded over "tensor"
                "optimizer": {
                    "learning_rate": 1e-3,
                    "min_lr_ratio": 1.0,  # constant
                    "eps_hat": True,
                    "weight_decay": 0.0,  # L2 is part of the loss
                    "clip_norm": config_dict.placeholder(float),  # none; can be set on the command line
                },
            },
        }
    )
    # With mesh.tensor above 1 set this to it, or to the largest value that the run will use: any number of items is
    # then divisible, also when the run resumes with less. Independent of the mesh, because checkpoints contain these
    # rows.
    config.model.item_multiple = 1
    for variant in arg.split(",") if arg else ():
        check_variant(variant, VARIANTS)
        config.update(VARIANTS[variant])
    return config
