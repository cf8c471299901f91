"""The released VideoChat-T, evaluated as the original evaluates it, for numbers to compare with the paper's.

    timesuite evaluate --config configs/timesuite/paper.py --data data/charades_test
    timesuite ask kitchen.mp4 "When is the oven opened?" --config configs/timesuite/paper.py

The model and its files are those of finetune.py. `evaluation.protocol` sets what the original does differently in
evaluation: the embedding of BOS, the prompt, CLIP's pixel statistics, the grid of frames, and how answers are read
(`timesuite_jax/videochat_t/protocol.py`). `--protocol default` shows the model its training inputs instead.
"""

from ml_collections import ConfigDict

from timesuite_jax.configs.timesuite.finetune import get_config as finetune


def get_config(arg: str | None = None) -> ConfigDict:
    config = finetune(arg)
    config.evaluation.protocol = "paper"
    return config
