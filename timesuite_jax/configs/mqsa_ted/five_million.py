"""MQSA-TED with five million synthetic items, to check ahead of time whether it fits into memory.

    timesuite aot configs/mqsa_ted/five_million.py --topology v5e:4x4

The item table, its gradient and moments, and the scores of each chunk are sharded over `mesh.tensor`, the histories of
a batch over `mesh.data`. The interactions are random: of realistic size, with nothing to learn.
"""

from ml_collections import ConfigDict

from timesuite_jax.configs.mqsa_ted.beauty import get_config as beauty


def get_config(arg: str | None = None) -> ConfigDict:
    config = beauty(arg)
    config.data.path = None
    config.data.synthetic = ConfigDict({"num_users": 200_000, "num_items": 5_000_000})
    config.training.mesh.tensor = 8
    if arg and "debug" in arg.split(","):
        config.data.synthetic.update(num_users=100, num_items=1000)
        config.training.mesh.tensor = 1
    return config
