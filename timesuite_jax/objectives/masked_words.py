"""Masked language modelling (BERT, arXiv:1810.04805, 3.1): words are hidden, and predicted from the others.

Of the hidden words, 80 % are replaced by [MASK], 10 % by any word, and 10 % stay.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from timesuite_jax.layers import num_shards
from timesuite_jax.objectives.chunked_scores import chunked_scores
from timesuite_jax.objectives.next_token import token_losses
from timesuite_jax.objectives.score_head import ScoreInputs

_MASKED = 0.8  # of the hidden words, replaced by [MASK]
_RANDOM = 0.5  # of the other hidden words, replaced by any word


class WordDraws(NamedTuple):
    """What is drawn for each token, whether it is used or not."""

    hidden: Bool[Array, "B P"]
    masked: Bool[Array, "B P"]  # replaced by [MASK], if hidden
    random: Bool[Array, "B P"]  # replaced by any word, if hidden and not by [MASK]
    words: Int[Array, "B P"]


def draw_words(rng: PRNGKeyArray, shape: tuple[int, ...], probability: float, vocab: int) -> WordDraws:
    """Draws which tokens are hidden, and by what they are replaced.

    Args:
      rng: of this batch.
      shape: B and P.
      probability: that a token is hidden.
      vocab: number of words.
    """
    keys = jax.random.split(rng, 4)
    flags = (
        jax.random.bernoulli(key, rate, shape) for key, rate in zip(keys, (probability, _MASKED, _RANDOM), strict=False)
    )
    return WordDraws(*flags, jax.random.randint(keys[3], shape, 0, vocab))


def hide_words(
    text: Int[Array, "B P"], maskable: Bool[Array, "B P"], draws: WordDraws, mask_id: int
) -> tuple[Int[Array, "B P"], Bool[Array, "B P"]]:
    """Replaces hidden tokens.

    Args:
      text: token ids.
      maskable: tokens that may be hidden.
      draws: see `draw_words`.
      mask_id: of [MASK].

    Returns:
      The text, and which tokens are hidden.
    """
    hidden = jnp.logical_and(draws.hidden, maskable)
    masked = jnp.logical_and(hidden, draws.masked)
    random = jnp.logical_and(jnp.logical_and(hidden, draws.random), jnp.logical_not(masked))
    text = jnp.where(masked, jnp.asarray(mask_id, text.dtype), text)
    return jnp.where(random, draws.words.astype(text.dtype), text), hidden


def masked_word_loss(
    rows: Float[Array, "B P D"],
    words: Float[Array, "V D"],
    bias: Float[Array, " V"],
    targets: Int[Array, "B P"],
    hidden: Bool[Array, "B P"],
    *,
    chunk: int,
) -> tuple[Float[Array, ""], Float[Array, ""], Float[Array, ""]]:
    """Sums `-log p(target)` of the hidden words, without the logits of all words at all positions in memory.

    Differentiable by `rows`, `words` and `bias`.

    Args:
      rows: what is multiplied with word embeddings.
      words: word embeddings.
      bias: added to the product with each word.
      targets: token ids.
      hidden: tokens with a loss.
      chunk: tokens of each text for which logits are in memory at one time, on average over the texts.

    Returns:
      The sum, the number of hidden words, and the number of those predicted correctly.

    Raises:
      UserError: if the devices of the mesh do not divide the batch or the vocabulary.
    """
    # The bias is an adapter of rank 1 whose input is always 1.
    ones = jnp.ones((*rows.shape[:2], 1), rows.dtype)
    inputs = ScoreInputs(rows, words.T, jnp.ones((1, 1), bias.dtype), bias[None], ones)
    texts = -(-rows.shape[0] // num_shards("batch"))  # of each device
    total, correct = chunked_scores(token_losses, inputs, hidden, targets, chunk=chunk * texts, num_losses=2)
    return total, jnp.sum(hidden.astype(jnp.float32)), correct
