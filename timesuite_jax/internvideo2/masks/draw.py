"""Draws masks on the device, by the Gumbel top-k method (arXiv:1903.06059).

Sorting by the logarithm of the weight plus Gumbel noise is drawing without replacement in proportion to the weights, as
`torch.multinomial` does upstream. True is visible, where upstream's masks are True at hidden patches.
"""

import jax
import jax.numpy as jnp
from einops import rearrange, repeat
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from timesuite_jax.internvideo2.masks.spec import MaskSpec


def draw_mask(rng: PRNGKeyArray, spec: MaskSpec, attention: Float[Array, "n N"], frames: int) -> Bool[Array, "n N"]:
    """Draws the visible patches of each clip.

    Args:
      rng: of this batch.
      spec: how to draw.
      attention: of the teacher, to the patches of all frames.
      frames: of a clip, which divide N.
    """
    clips, patches = attention.shape
    groups, size = spec.groups(frames, patches // frames)
    if spec.kind == "tube":
        weights = jnp.ones((clips, 1, size))
    else:
        weights = rearrange(attention, "n (F N) -> n F N", F=groups).astype(jnp.float32)
        weights = weights if spec.kind == "attention" else jnp.ones_like(weights)
    order = draw_order(rng, weights)
    mask = first_of_order(order, size - int(size * spec.ratio))
    return rearrange(repeat(mask, "n F N -> n (F f) N", f=groups // mask.shape[1]), "n F N -> n (F N)")


def draw_order(rng: PRNGKeyArray, weights: Float[Array, "*batch N"]) -> Int[Array, "*batch N"]:
    """Orders elements by drawing them without replacement, in proportion to their weights; those of weight 0 are last.

    Args:
      rng: of this batch.
      weights: at least 0; they need not sum to 1.
    """
    scores = jnp.log(weights) + jax.random.gumbel(rng, weights.shape, jnp.float32)
    return jnp.argsort(-scores, axis=-1)


def first_of_order(order: Int[Array, "*batch N"], count: int) -> Bool[Array, "*batch N"]:
    """Returns a mask that is True for the elements that come first in `order`.

    Args:
      order: of the elements of each row, a permutation.
      count: how many are first.
    """
    return jnp.argsort(order, axis=-1) < count
