"""MQSA-TED (arXiv:2311.01056) on Amazon Beauty with the released hyper-parameters.

    timesuite train configs/mqsa_ted/beauty.py --workdir runs/beauty
    timesuite train configs/mqsa_ted/beauty.py:short --workdir runs/beauty_short
    timesuite train configs/mqsa_ted/beauty.py:debug --workdir /tmp/beauty --config.data.path=beauty.npz

The numbers are the defaults of upstream's `main.py`; its command for this set names no others. Behind the colon stand,
joined by commas, ablations and `debug` (a small model, a few steps):

    short     items alone ask: the short branch without the long one
    long      window means alone ask: the long branch without the short one
    no_ted    without the distillation of transitions

The file is made by `timesuite data interactions`. For a set of your own write a config like sports.py, with your number
of users: it decides how many steps an epoch has.
"""

from ml_collections import ConfigDict, config_dict

USERS = 22_363
BATCH = 256
EPOCHS = 200
VARIANTS = {
    "short": {"model": {"alpha": 1.0}},
    "long": {"model": {"alpha": 0.0}},
    "no_ted": {"loss": {"distillation": 0.0}},
    "debug": {
        # Of 8 numbers a dropout of 0.5 now and then takes all, and at zero the original's norm has a gradient of 1e12.
        "model": {"width": 8, "max_len": 10, "dropout": 0.1},
        "data": {"batch_size": 16, "evaluation_batch_size": 64},
        "training": {"total_steps": 4, "log_every": 2, "eval_every": 4, "save_every": 4},
    },
}


def get_config(arg: str | None = None, *, path: str = "data/beauty.npz", users: int = USERS) -> ConfigDict:
    steps = -(-users // BATCH)  # of an epoch: the last batch is smaller
    config = ConfigDict(
        {
            "task": "mqsa_ted",
            "model": {"width": 64, "max_len": 50, "blocks": 1, "heads": 1, "window": 3, "alpha": 0.5, "dropout": 0.5},
            "loss": {"negatives": 0, "distillation": 0.1, "tau": 0.1, "span": 1, "l2": 1e-4, "chunk": 128},
            "data": {"path": path, "batch_size": BATCH, "evaluation_batch_size": 256},
            # To start from, e.g. an export of another run: upstream released none.
            "weights": {"files": (), "expect_missing": (), "expect_unused": ()},
            # Vectors of the items from outside, for items that hardly anybody has taken: see docs/mqsa_ted.md.
            "features": {"path": config_dict.placeholder(str), "use": "add"},
            "training": {
                "total_steps": EPOCHS * steps,
                "seed": 2023,
                "log_every": steps,
                "eval_every": steps,
                "save_every": 10 * steps,
                "best": "validation/ndcg_20",  # upstream reports the first epoch where this is highest
                "patience": 0,  # upstream goes through all epochs
                "keep": 3,
                "profile_at": 0,
                "process_timeout": 300.0,
                "accumulate": 1,
                "mesh": {"replica": 1, "data": -1, "fsdp": 1, "tensor": 1},  # items lie over "tensor"
                "optimizer": {
                    "learning_rate": 1e-3,
                    "min_lr_ratio": 1.0,  # constant
                    "eps_hat": True,
                    "weight_decay": 0.0,  # the L2 is a part of the loss
                    "clip_norm": config_dict.placeholder(float),  # none; a number on the command line sets one
                },
            },
        }
    )
    # With mesh.tensor above 1 set it to that, or to the most that the run will ever meet: then any number of items
    # divides, and the run goes on with fewer. It does not follow the mesh, because a checkpoint has these rows.
    config.model.item_multiple = 1
    for variant in arg.split(",") if arg else ():
        if variant not in VARIANTS:
            raise ValueError(f"there is no variant {variant!r}; known are {', '.join(VARIANTS)}")
        config.update(VARIANTS[variant])
    return config
