"""Cross entropy with soft targets: label smoothing (arXiv:1512.00567), and mixtures of two labels."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int


def smoothed_targets(labels: Int[Array, " B"], classes: int, smoothing: float = 0.0) -> Float[Array, "B V"]:
    """Target probabilities of labels: `smoothing` is spread evenly over all classes, the label's included.

    Cross entropy with them equals timm's `LabelSmoothingCrossEntropy`; without smoothing, that with the labels.

    Args:
      labels: from 0 to `classes - 1`; another one has no target.
      classes: V, number of classes.
      smoothing: between 0 and 1.
    """
    return jax.nn.one_hot(labels, classes) * (1.0 - smoothing) + smoothing / classes


def soft_cross_entropy(logits: Float[Array, "B V"], targets: Float[Array, "B V"]) -> Float[Array, " B"]:
    """Cross entropy of each row, in float32."""
    return -jnp.einsum("BV,BV->B", targets.astype(jnp.float32), jax.nn.log_softmax(logits.astype(jnp.float32)))
