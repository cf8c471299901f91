"""Token shuffling of VideoChat-T (TimeSuite, arXiv:2410.19702): several query tokens become one token of the LLM.

Neighbouring tokens are concatenated along the channels, and one linear layer, `merge_proj`, projects them to the width
of the language model. Initialised from VideoChat2's projection, the layer computes mean pooling followed by that
projection, so that training continues from VideoChat2.
"""

import jax
import jax.numpy as jnp
from einops import rearrange, repeat
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from timesuite_jax.layers.linear import torch_uniform


def token_shuffle(tokens: Shaped[Array, "B N D"], merge_len: int) -> Shaped[Array, "B N_merged D_merged"]:
    """Concatenates `merge_len` consecutive tokens: channel block r of token n is input token `n * merge_len + r`.

    `merge_len` must divide N.
    """
    return rearrange(tokens, "B (N r) D -> B N (r D)", r=merge_len)


def mean_pooling_kernel(projection: Float[Array, "D D_out"], merge_len: int) -> Float[Array, "D_merged D_out"]:
    """Computes the kernel on shuffled tokens that equals the mean over `merge_len` tokens followed by `projection`.

    Upstream's `good_init`, which initialises `merge_proj` from `mistral_proj` (with the same bias).
    """
    return repeat(projection, "D o -> (r D) o", r=merge_len) / merge_len


def mean_pooling_init(merge_len: int) -> jax.nn.initializers.Initializer:
    """Returns an initialiser of `merge_proj` kernels without a given projection: a random one is tiled."""

    def init(rng: PRNGKeyArray, shape: tuple[int, ...], dtype: jnp.dtype = jnp.float32) -> Float[Array, "rD D_out"]:
        merged, width = shape
        single = merged // merge_len
        return mean_pooling_kernel(torch_uniform(single)(rng, (single, width), dtype), merge_len)

    return init
