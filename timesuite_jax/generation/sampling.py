"""How the next token is chosen from its logits."""

import dataclasses

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray


@dataclasses.dataclass(frozen=True)
class GenerationSpec:
    """What to generate; a part of the compiled program, so each distinct one compiles once.

    The defaults are the original's evaluation: greedy, until "</s>".

    Raises:
      ValueError: if a field is out of its range.
    """

    max_new_tokens: int
    stop_tokens: tuple[int, ...] = (2,)
    temperature: float = 0.0  # 0: greedy
    top_p: float = 1.0  # of the probability that may be drawn from (arXiv:1904.09751)
    pad_token: int = 2  # fills rows that have stopped
    cache_dtype: jnp.dtype | None = None  # None: as the model computes

    def __post_init__(self) -> None:
        if self.max_new_tokens < 1:
            raise ValueError(f"max_new_tokens={self.max_new_tokens}; it must be at least 1")
        if self.temperature < 0:
            raise ValueError(f"temperature={self.temperature}; it must be 0 (greedy) or more")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"top_p={self.top_p}; it must be above 0 and at most 1")


def next_token(
    logits: Float[Array, "B V"], spec: GenerationSpec, rngs: PRNGKeyArray
) -> tuple[Int[Array, " B"], Float[Array, " B"]]:
    """Chooses a token for each row.

    Args:
      logits: scores.
      spec: how to choose.
      rngs: one key a row, so that a row's draw does not depend on who else is in the batch.

    Returns:
      Tokens, and the log-probability that the model itself (temperature 1, nothing cut) gives them.
    """
    logits = logits.astype(jnp.float32)
    if spec.temperature == 0:
        tokens = jnp.argmax(logits, axis=-1).astype(jnp.int32)
    else:
        scaled = keep_top_p(logits / spec.temperature, spec.top_p)
        tokens = jax.vmap(jax.random.categorical)(rngs, scaled).astype(jnp.int32)
    chosen = jnp.take_along_axis(logits, tokens[:, None], axis=-1)[:, 0]
    return tokens, chosen - jax.nn.logsumexp(logits, axis=-1)


def keep_top_p(logits: Float[Array, "B V"], top_p: float) -> Float[Array, "B V"]:
    """Sets to -inf all but the smallest set of most likely tokens whose probabilities reach `top_p`."""
    if top_p >= 1:
        return logits
    falling = -jnp.sort(-logits, axis=-1)
    probabilities = jax.nn.softmax(falling, axis=-1)
    before = jnp.cumsum(probabilities, axis=-1) - probabilities
    # The likeliest token has nothing before it, so at least one is kept.
    lowest = jnp.min(jnp.where(before < top_p, falling, jnp.inf), axis=-1)
    return jnp.where(logits < lowest[:, None], -jnp.inf, logits)
