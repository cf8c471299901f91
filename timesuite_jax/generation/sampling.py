"""Selection of the next token from its logits: greedy, or sampled with temperature and top-p."""

import dataclasses

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key


@dataclasses.dataclass(frozen=True)
class GenerationSpec:
    """Generation options; static arguments of the compiled program, so that each distinct spec compiles once.

    The defaults are those of upstream's evaluation: greedy, until "</s>".
    """

    max_new_tokens: int
    stop_tokens: tuple[int, ...] = (2,)
    temperature: float = 0.0  # 0: greedy
    top_p: float = 1.0  # nucleus sampling (arXiv:1904.09751): share of the probability to sample from
    pad_token: int = 2  # fills rows that have stopped
    cache_dtype: jnp.dtype | None = None  # None: the type of the model's computation

    def __post_init__(self) -> None:
        """Validates the options.

        Raises:
          ValueError: naming the field that is out of range.
        """
        if self.max_new_tokens < 1:
            raise ValueError(f"max_new_tokens={self.max_new_tokens} must be at least 1")
        if self.temperature < 0:
            raise ValueError(f"temperature={self.temperature} must be 0 (greedy) or more")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"top_p={self.top_p} must be above 0 and at most 1")


def next_token(
    logits: Float[Array, "B V"],
    spec: GenerationSpec,
    rngs: Key[Array, " B"],
    allowed: Bool[Array, "B V"] | None = None,
) -> tuple[Int[Array, " B"], Float[Array, " B"]]:
    """Selects a token for each row.

    Args:
      logits: of the next token.
      spec: greedy or sampling options.
      rngs: one key for each row, so that its sample does not depend on the other rows of the batch.
      allowed: tokens to select among, at least one in each row; all if not given.

    Returns:
      Tokens, and their log-probabilities at temperature 1 among all tokens.
    """
    logits = logits.astype(jnp.float32)
    eligible = logits if allowed is None else jnp.where(allowed, logits, -jnp.inf)
    if spec.temperature == 0:
        tokens = jnp.argmax(eligible, axis=-1).astype(jnp.int32)
    else:
        scaled = keep_top_p(eligible / spec.temperature, spec.top_p)
        tokens = jax.vmap(jax.random.categorical)(rngs, scaled).astype(jnp.int32)
    chosen = jnp.take_along_axis(logits, tokens[:, None], axis=-1)[:, 0]
    return tokens, chosen - jax.nn.logsumexp(logits, axis=-1)


def keep_top_p(logits: Float[Array, "B V"], top_p: float) -> Float[Array, "B V"]:
    """Sets all logits to -inf except those of the smallest set of most likely tokens with probability `top_p`."""
    if top_p >= 1:
        return logits
    descending = -jnp.sort(-logits, axis=-1)
    probabilities = jax.nn.softmax(descending, axis=-1)
    before = jnp.cumsum(probabilities, axis=-1) - probabilities
    # The most likely token has probability 0 before it, so at least one is kept.
    lowest = jnp.min(jnp.where(before < top_p, descending, jnp.inf), axis=-1)
    return jnp.where(logits < lowest[:, None], -jnp.inf, logits)
