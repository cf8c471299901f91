"""Token shuffling of VideoChat-T (TimeSuite, arXiv:2410.19702): several query tokens become one token of the LLM.

Neighbouring tokens are laid side by side along the channels and one linear layer, `merge_proj`, brings them to the
width of the language model. Started from VideoChat2's projection, the layer computes mean pooling followed by that
projection, so that training begins where VideoChat2 ended.
"""

import jax
import jax.numpy as jnp
from einops import rearrange, repeat
from jaxtyping import Array, Float

from timesuite_jax.layers.linear import torch_uniform


def token_shuffle(tokens: Float[Array, "B N D"], merge_len: int) -> Float[Array, "B N_merged D_merged"]:
    """Lays `merge_len` consecutive tokens side by side: channel block r of token n is input token `n * merge_len + r`.

    `merge_len` must divide N.
    """
    return rearrange(tokens, "B (N r) D -> B N (r D)", r=merge_len)


def mean_pooling_kernel(projection: Float[Array, "D D_out"], merge_len: int) -> Float[Array, "D_merged D_out"]:
    """Kernel on shuffled tokens that equals the mean over `merge_len` tokens followed by `projection`.

    Upstream's `good_init`: the original makes `merge_proj` from `mistral_proj` so (the bias is taken as it is).
    """
    return repeat(projection, "D o -> (r D) o", r=merge_len) / merge_len


def mean_pooling_init(merge_len: int) -> jax.nn.initializers.Initializer:
    """Initialiser of a `merge_proj` kernel where there is no projection to start from: a random one is tiled."""

    def init(rng: Array, shape: tuple[int, ...], dtype: jnp.dtype = jnp.float32) -> Array:
        merged, width = shape
        single = merged // merge_len
        return mean_pooling_kernel(torch_uniform(single)(rng, (single, width), dtype), merge_len)

    return init
