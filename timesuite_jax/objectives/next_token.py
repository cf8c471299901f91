"""Next-token cross entropy over the answers only, without ever holding all logits.

Upstream makes logits for every position, visual tokens and questions included, and masks most of them away; at 1,400
tokens and 32,000 words that is the largest array of the whole step. Here each row's answer positions are gathered to
the front and handled a chunk at a time, as many chunks as the longest answer of the batch needs. The gradient is
computed in the forward pass, where the chunk's logits are at hand anyway: two products with the vocabulary instead of
the three that recomputing them would take.

Upstream's loss (Hugging Face: shift by one, mean over the unmasked) is `sum / count`.
"""

import functools
from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int


class Head(NamedTuple):
    """The output projection: kernel, and its adapter where there is one."""

    kernel: Float[Array, "D V"]
    lora_a: Float[Array, "D r"] | None
    lora_b: Float[Array, "r V"] | None


class _Inputs(NamedTuple):
    """What the loss can be differentiated by."""

    hidden: Float[Array, "B S D"]
    head_input: Float[Array, "B S D"] | None  # None: the adapter reads `hidden`
    head: Head


def answer_cross_entropy(
    hidden: Float[Array, "B S D"],
    targets: Int[Array, "B S"],
    mask: Bool[Array, "B S"],
    head: Mapping[str, Array],
    *,
    chunk: int,
    scaling: float = 1.0,
    head_input: Float[Array, "B S D"] | None = None,
) -> tuple[Float[Array, ""], Float[Array, ""], Float[Array, ""]]:
    """Sum of `-log p(target)` where `mask`, with the count of such positions and how many are predicted right.

    Position s predicts `targets[:, s]`: the caller shifts (`hidden[:, :-1]`, `tokens[:, 1:]`, `loss_mask[:, 1:]`).
    Differentiable by `hidden`, `head_input` and every array of `head`; what is not differentiated by costs nothing (a
    frozen kernel gets no gradient of its size). Masked positions get a gradient of exactly zero.

    Args:
      hidden: hidden states after the final norm.
      targets: token ids, anything within the vocabulary where `mask` is False.
      mask: positions that count.
      head: "kernel" [D, V] and, for an adapted head, "lora_a" [D, r] and "lora_b" [r, V]. Computation is in the type of
        `hidden`, with logits and sums in float32.
      chunk: answer positions of each row for which logits exist at one time.
      scaling: factor on the adapter's output, `LoraSpec.scaling`.
      head_input: what the adapter reads where it differs from `hidden`, that is after the adapter's dropout
        (`aux["head_input"]` of the language model).

    Returns:
      `(sum, count, correct)`, float32 scalars; all zero without a single target.

    Raises:
      ValueError: if `chunk` is not positive, or only half of an adapter is given.
    """
    if chunk < 1:
        raise ValueError(f"chunk={chunk}; it must be at least 1")
    if ("lora_a" in head) != ("lora_b" in head):
        raise ValueError(f"an adapter has lora_a and lora_b; the head has only {sorted(head)}")
    parts = Head(head["kernel"], head.get("lora_a"), head.get("lora_b"))
    inputs = _Inputs(hidden, head_input if parts.lora_a is not None else None, parts)
    with jax.named_scope("answer_cross_entropy"):
        return _loss(min(chunk, hidden.shape[1]), scaling, inputs, targets, mask)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _loss(chunk: int, scaling: float, inputs: _Inputs, targets: Array, mask: Array) -> tuple[Array, Array, Array]:
    nothing = jax.tree.map(lambda x: False, inputs)
    return _run(chunk, scaling, inputs, targets, mask, nothing)[0]


def _forward(chunk: int, scaling: float, inputs: _Inputs, targets: Array, mask: Array) -> tuple[tuple, tuple]:
    # With symbolic zeros every argument says whether it is differentiated by.
    wanted = jax.tree.map(lambda x: x.perturbed, inputs, is_leaf=lambda x: hasattr(x, "perturbed"))
    values = jax.tree.map(lambda x: x.value, inputs, is_leaf=lambda x: hasattr(x, "perturbed"))
    out, grads = _run(chunk, scaling, values, targets.value, mask.value, wanted)
    return out, (grads,)


def _backward(chunk: int, scaling: float, residuals: tuple, cotangents: tuple) -> tuple:
    (grads,) = residuals
    d_sum = cotangents[0]
    if isinstance(d_sum, jax.custom_derivatives.SymbolicZero):
        return None, None, None
    return jax.tree.map(lambda g: g * d_sum.astype(g.dtype), grads), None, None


_loss.defvjp(_forward, _backward, symbolic_zeros=True)


def _run(
    chunk: int, scaling: float, inputs: _Inputs, targets: Array, mask: Array, wanted: _Inputs
) -> tuple[tuple[Array, Array, Array], _Inputs]:
    """The three sums, and the gradients of the first where `wanted` (None elsewhere)."""
    hidden, head = inputs.hidden, inputs.head
    batch, length, _ = hidden.shape
    work = hidden.dtype
    kernel = head.kernel.astype(work)
    a, b = (None if x is None else x.astype(work) for x in (head.lora_a, head.lora_b))
    # A stable sort puts the answer positions first and keeps their order.
    order = jnp.argsort(jnp.logical_not(mask), axis=1, stable=True)
    order = jnp.pad(order, ((0, 0), (0, -length % chunk)))
    counts = jnp.sum(mask, axis=1)
    chunks = (jnp.max(counts) + chunk - 1) // chunk
    vocabulary = jnp.arange(kernel.shape[1])

    def zeros(value: Array | None, wish: bool | None) -> Array | None:
        return jnp.zeros(value.shape, jnp.float32) if wish else None

    grads = jax.tree.map(zeros, inputs, wanted, is_leaf=lambda x: x is None)
    sorted_shape = (batch, order.shape[1], hidden.shape[2])
    grads = grads._replace(
        hidden=jnp.zeros(sorted_shape, work) if wanted.hidden else None,
        head_input=jnp.zeros(sorted_shape, work) if wanted.head_input else None,
    )

    def take(x: Array, index: Array) -> Array:
        return (
            jnp.take_along_axis(x, index[..., None], axis=1) if x.ndim == 3 else jnp.take_along_axis(x, index, axis=1)
        )

    def body(i: Array, state: tuple) -> tuple:
        total, correct, grads = state
        start = i * chunk
        index = jax.lax.dynamic_slice_in_dim(order, start, chunk, axis=1)
        real = (start + jnp.arange(chunk))[None] < counts[:, None]
        x, target = take(hidden, index), take(targets, index)
        logits = jnp.einsum("BAD,DV->BAV", x, kernel, preferred_element_type=jnp.float32)
        branch = x if inputs.head_input is None else take(inputs.head_input, index)
        if a is not None:
            low = jnp.einsum("BAD,Dr->BAr", branch, a)
            logits += jnp.einsum("BAr,rV->BAV", low, b, preferred_element_type=jnp.float32) * scaling
        # By comparison, not by gathering: it stays local where the vocabulary is sharded.
        hit = target[..., None] == vocabulary[None, None]
        peak = jax.nn.logsumexp(logits, axis=-1)
        nll = peak - jnp.sum(jnp.where(hit, logits, 0.0), axis=-1)
        total += jnp.sum(jnp.where(real, nll, 0.0))
        correct += jnp.sum(jnp.logical_and(real, jnp.argmax(logits, axis=-1) == target)).astype(jnp.float32)
        if not any(jax.tree.leaves(wanted)):
            return total, correct, grads

        error = jnp.exp(logits - peak[..., None]) - hit.astype(jnp.float32)
        error = jnp.where(real[..., None], error, 0.0).astype(work)
        through, low_error = None, None
        if wanted.hidden:
            through = jnp.einsum("BAV,DV->BAD", error, kernel)
        if a is not None:
            low_error = jnp.einsum("BAV,rV->BAr", error, b) * jnp.asarray(scaling, work)
            side = jnp.einsum("BAr,Dr->BAD", low_error, a)
            if wanted.head_input:
                grads = grads._replace(head_input=_put(grads.head_input, side, start))
            if wanted.hidden and inputs.head_input is None:
                through += side
        if wanted.hidden:
            grads = grads._replace(hidden=_put(grads.hidden, through, start))
        d = grads.head
        f32 = {"preferred_element_type": jnp.float32}
        if wanted.head.kernel:
            d = d._replace(kernel=d.kernel + jnp.einsum("BAD,BAV->DV", x, error, **f32))
        if wanted.head.lora_a:
            d = d._replace(lora_a=d.lora_a + jnp.einsum("BAD,BAr->Dr", branch, low_error, **f32))
        if wanted.head.lora_b:
            d = d._replace(lora_b=d.lora_b + jnp.einsum("BAr,BAV->rV", low, error, **f32) * scaling)
        return total, correct, grads._replace(head=d)

    zero = jnp.zeros((), jnp.float32)
    total, correct, grads = jax.lax.fori_loop(0, chunks, body, (zero, zero, grads))
    # Back from answers-first to the order of the sequence: position s is number `rank` in `order`.
    rank = jnp.argsort(order[:, :length], axis=1)
    grads = grads._replace(
        hidden=take(grads.hidden, rank) if wanted.hidden else None,
        head_input=take(grads.head_input, rank) if wanted.head_input else None,
    )
    grads = jax.tree.map(lambda g, x: g.astype(x.dtype), grads, _only(inputs, wanted))
    return (total, jnp.sum(counts).astype(jnp.float32), correct), grads


def _put(rows: Array, chunk: Array, start: Array) -> Array:
    return jax.lax.dynamic_update_slice_in_dim(rows, chunk, start, axis=1)


def _only(inputs: _Inputs, wanted: _Inputs) -> _Inputs:
    return jax.tree.map(lambda x, wish: x if wish else None, inputs, wanted)
