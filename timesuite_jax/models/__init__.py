"""Models: linen modules that turn arrays into arrays and read no file; sizes come from frozen specs.

`VideoChatT` is made of `UmtTower` (frames to tokens), `QFormer` (tokens to queries), `token_shuffle` and `Tape`
(queries to the language model's tokens) and `Mistral`. `Mqsa` recommends items. A model returns its output and a
dictionary of intermediate results.
"""

from timesuite_jax.models.tape import Tape
from timesuite_jax.models.token_shuffle import mean_pooling_init, mean_pooling_kernel, token_shuffle
from timesuite_jax.models.videochat_t import VideoChatT
from timesuite_jax.models.videochat_t_spec import CLIP_MEAN, CLIP_STD, IMAGENET_MEAN, IMAGENET_STD, VideoChatTSpec

__all__ = [
    "CLIP_MEAN",
    "CLIP_STD",
    "IMAGENET_MEAN",
    "IMAGENET_STD",
    "Tape",
    "VideoChatT",
    "VideoChatTSpec",
    "mean_pooling_init",
    "mean_pooling_kernel",
    "token_shuffle",
]
