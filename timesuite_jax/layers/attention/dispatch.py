"""`attention`: one signature, the best implementation for the platform."""

from collections.abc import Callable

from jaxtyping import Array, Bool, Float, Int

from timesuite_jax.errors import UserError
from timesuite_jax.layers.attention.blockwise import blockwise_attention
from timesuite_jax.layers.attention.cudnn import cudnn_attention, cudnn_supports, device_has_cudnn_attention
from timesuite_jax.layers.attention.splash import splash_attention_kernel, splash_supports
from timesuite_jax.layers.attention.xla import xla_attention
from timesuite_jax.layers.devices import platform

IMPLEMENTATIONS: dict[str, Callable[..., Array]] = {
    "xla": xla_attention,
    "splash": splash_attention_kernel,
    "cudnn": cudnn_attention,
    "blockwise": blockwise_attention,
}


_SEGMENTED = ("blockwise", "xla")


def choose(q: Float[Array, "B S h d"], k: Float[Array, "B C g d"], *, masked: bool, segmented: bool = False) -> str:
    """The implementation that "auto" selects for the devices that the program is traced for.

    With segments it is `blockwise` everywhere: the kernels do not support them.
    """
    if segmented:
        return "blockwise"
    backend = platform()
    if backend == "tpu" and splash_supports(q, k):
        return "splash"
    if backend == "gpu" and device_has_cudnn_attention() and cudnn_supports(q, k, masked=masked):
        return "cudnn"
    return "blockwise" if backend == "cpu" else "xla"


def attention(
    q: Float[Array, "B S h d"],
    k: Float[Array, "B C g d"],
    v: Float[Array, "B C g d"],
    *,
    causal: bool = False,
    kv_mask: Bool[Array, "B C"] | None = None,
    segments: Int[Array, "B S"] | None = None,
    scale: float | None = None,
    impl: str = "auto",
) -> Float[Array, "B S h d"]:
    """Softmax attention; query head `i` reads key-value head `i // (h / g)`.

    Args:
      q: queries.
      k: keys; their number of heads g divides that of the queries.
      v: values.
      causal: query s attends to keys 0 to s only; needs S == C.
      kv_mask: False at masked keys. The output of a query without a visible key is finite and otherwise unspecified.
      segments: query s attends to keys of segment 0 and of its own segment only; needs a causal mask.
      scale: factor on the scores; `d ** -0.5` by default.
      impl: "auto" or a name of `IMPLEMENTATIONS`.

    Raises:
      ValueError: on an unknown `impl`, head counts that do not divide, a causal mask over unequal lengths, or segments
        without a causal mask.
      UserError: if `impl` does not support segments.
    """
    if impl != "auto" and impl not in IMPLEMENTATIONS:
        raise ValueError(f"impl={impl!r} is unknown; choose one of {['auto', *IMPLEMENTATIONS]}")
    if q.shape[2] % k.shape[2]:
        raise ValueError(f"{q.shape[2]} query heads cannot share {k.shape[2]} key-value heads evenly")
    if causal and q.shape[1] != k.shape[1]:
        raise ValueError(f"a causal mask needs as many queries as keys, not {q.shape[1]} and {k.shape[1]}")
    if impl == "auto":
        impl = choose(q, k, masked=kv_mask is not None, segmented=segments is not None)
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    if segments is None:
        return IMPLEMENTATIONS[impl](q, k, v, causal=causal, kv_mask=kv_mask, scale=scale)
    if not causal:
        raise ValueError("segments need a causal mask")
    if impl not in _SEGMENTED:
        raise UserError(f"attention={impl!r} cannot keep turns independent; choose one of {('auto', *_SEGMENTED)}")
    return IMPLEMENTATIONS[impl](q, k, v, causal=True, kv_mask=kv_mask, scale=scale, segments=segments)
