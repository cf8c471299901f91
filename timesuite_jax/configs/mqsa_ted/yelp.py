"""MQSA-TED on Yelp, with the hyper-parameters of beauty.py: upstream has no others for it.

    timesuite train configs/mqsa_ted/yelp.py --workdir runs/yelp

The variants are those of beauty.py.
"""

from ml_collections import ConfigDict

from timesuite_jax.configs.mqsa_ted.beauty import get_config as beauty


def get_config(arg: str | None = None) -> ConfigDict:
    return beauty(arg, path="data/yelp.npz")
