"""Next-token cross entropy over the answers only, without the logits of all positions in memory.

Upstream computes logits at every position, visual tokens and questions included, and masks most of them; with 1,400
tokens and a vocabulary of 32,000 they are the largest array of a training step. Upstream's loss (Hugging Face: shift by
one, mean over unmasked positions) is `sum / count`.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Float32, Int

from timesuite_jax.layers import Shard, num_shards
from timesuite_jax.objectives.chunked_scores import RowLosses, chunked_scores
from timesuite_jax.objectives.score_head import ScoreInputs


def answer_cross_entropy(
    hidden: Float[Array, "B S D"],
    targets: Int[Array, "B S"],
    mask: Bool[Array, "B S"],
    head: Mapping[str, Float[Array, "..."]],
    *,
    chunk: int,
    scaling: float = 1.0,
    head_input: Float[Array, "B S D"] | None = None,
) -> tuple[Float32[Array, ""], Float32[Array, ""], Float32[Array, ""]]:
    """Sums `-log p(target)` where `mask` is True, and counts these positions and those predicted correctly.

    Position s predicts `targets[:, s]`: the caller shifts (`hidden[:, :-1]`, `tokens[:, 1:]`, `loss_mask[:, 1:]`).
    Differentiable by `hidden`, `head_input` and every array of `head`; a frozen kernel costs no gradient. Masked
    positions get a gradient of exactly zero.

    Args:
      hidden: hidden states after the final norm.
      targets: token ids; any ids where `mask` is False.
      mask: positions with a loss.
      head: "kernel" [D, V] and, with LoRA, "lora_a" [D, r] and "lora_b" [r, V]. Products are computed in the type of
        `hidden`; logits and sums are float32.
      chunk: positions of each sample for which logits are in memory at one time, on average over the samples.
      scaling: factor on the output of LoRA, `LoraSpec.scaling`.
      head_input: input of LoRA where it differs from `hidden`, that is after LoRA dropout (`aux["head_input"]` of the
        language model).

    Returns:
      `(sum, count, correct)`; all zero if no position has a loss.

    Raises:
      ValueError: if `chunk` is not positive, or `head` has only one LoRA factor.
      UserError: if the devices of the mesh do not divide the batch or the vocabulary.
    """
    if ("lora_a" in head) != ("lora_b" in head):
        raise ValueError(f"head={sorted(head)} has one LoRA factor only; give both lora_a and lora_b, or neither")
    if chunk < 1:
        raise ValueError(f"chunk={chunk} must be at least 1")
    lora = "lora_a" in head
    inputs = ScoreInputs(hidden, head["kernel"], head.get("lora_a"), head.get("lora_b"), head_input if lora else None)
    samples = -(-hidden.shape[0] // num_shards("batch"))  # of each device
    with jax.named_scope("answer_cross_entropy"):
        total, correct = chunked_scores(
            token_losses, inputs, mask, targets, chunk=chunk * samples, num_losses=2, scaling=scaling
        )
        return total, jnp.sum(mask).astype(jnp.float32), correct


def token_losses(shard: Shard, logits: Float32[Array, "C V"], targets: Int[Array, " C"], _: None) -> RowLosses:
    """Computes the cross entropy of each row, and whether the target is the argmax.

    Targets are found by comparison with token ids, not by indexing: comparisons fuse with the passes over the logits,
    whereas a TPU scatters one element at a time.
    """
    ids = shard.first + jnp.arange(logits.shape[1])
    hit = targets[:, None] == ids[None]
    peak = shard.highest(jnp.max(logits, axis=-1))
    weights = jnp.exp(logits - peak[:, None])
    sums = jnp.stack([jnp.sum(weights, axis=-1), jnp.sum(jnp.where(hit, logits, 0.0), axis=-1)])
    total, logit = shard.over_items(sums)
    # The argmax is the target if no other logit is higher, nor an equal one at a lower id.
    own = logit[:, None]
    ahead = jnp.where(ids[None] < targets[:, None], logits >= own, logits > own)
    correct = shard.over_items(jnp.sum(ahead, axis=-1)) == 0
    slope = weights - jnp.where(hit, total[:, None], 0.0)
    return RowLosses((peak + jnp.log(total) - logit, correct.astype(jnp.float32)), slope, 1.0 / total)
