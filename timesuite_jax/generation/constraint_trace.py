"""What is recorded of constrained answers while they are decoded: their nodes, and how sure the model is.

The probabilities are at temperature 1. With `logprobs`, log p of the chosen token among all, log p among the allowed
tokens is `logprobs - allowed`.
"""

import jax
import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Bool, Float, Int

from timesuite_jax.generation.constraint import Constraint, Progress
from timesuite_jax.generation.grammar.graph import Outcome


@struct.dataclass
class Trace:
    """One value for each token."""

    nodes: Int[Array, "B new"]  # of the automaton, after the token
    allowed: Float[Array, "B new"]  # log of the probability of all allowed tokens
    agreeing: Float[Array, "B new"]  # log of the share of these that decides as the chosen token whether the event
    # happens; 0 where nothing is decided


def empty_trace(batch: int, new: int) -> Trace:
    """Returns the trace before the first token."""
    zeros = jnp.zeros((batch, new), jnp.float32)
    return Trace(jnp.zeros((batch, new), jnp.int32), zeros, zeros)


def record(
    trace: Trace,
    step: Int[Array, ""],
    of: Constraint,
    logits: Float[Array, "B V"],
    allowed: Bool[Array, "B V"],
    before: Progress,
    after: Progress,
) -> Trace:
    """Adds a token of each row.

    Args:
      trace: so far.
      step: number of the token.
      of: the constraint.
      logits: from which the token was chosen.
      allowed: tokens among which it was chosen.
      before: states before the token.
      after: states after it.
    """
    logits = logits.astype(jnp.float32)
    permitted = _log_sum(logits, allowed)
    outcome = jnp.asarray(of.tables["outcome"])
    decides = (outcome[before.node] == Outcome.OPEN) & (outcome[after.node] != Outcome.OPEN)

    def share() -> Float[Array, " B"]:
        agreeing = jax.vmap(_agreeing, (None, 0, 0))(of.tables, before.node, after.node)
        return jnp.where(decides, _log_sum(logits, allowed & agreeing) - permitted, 0.0)

    # Of the tens of tokens of an answer one decides.
    agreeing = jax.lax.cond(jnp.any(decides), share, lambda: jnp.zeros_like(permitted))
    total = jax.nn.logsumexp(logits, axis=-1)
    columns = Trace(after.node, permitted - total, agreeing)
    return jax.tree.map(lambda all, new: jax.lax.dynamic_update_slice(all, new[:, None], (0, step)), trace, columns)


def _log_sum(logits: Float[Array, "B V"], among: Bool[Array, "B V"]) -> Float[Array, " B"]:
    return jax.nn.logsumexp(jnp.where(among, logits, -jnp.inf), axis=-1)


def _agreeing(tables: dict, before: Int[Array, ""], after: Int[Array, ""]) -> Bool[Array, " V"]:
    """Tokens after which an answer states of the event what it states at the node `after`."""
    outcome, target = jnp.asarray(tables["outcome"]), jnp.asarray(tables["target"])[before]
    return (outcome[jnp.maximum(target, 0)] == outcome[after])[jnp.asarray(tables["class_of"])]
