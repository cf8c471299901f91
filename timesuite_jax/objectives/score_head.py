"""The scores of a chunk of rows against all columns, with an optional low-rank adapter, and their gradients.

Written out instead of left to autodiff: the gradients are computed in the forward pass and accumulated over chunks.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Float32


class ScoreInputs(NamedTuple):
    """What scores are computed from: `rows @ kernel`, plus `scaling * lora_rows @ lora_a @ lora_b` (LoRA)."""

    rows: Float[Array, "*rows D"]
    kernel: Float[Array, "D V"]
    lora_a: Float[Array, "D r"] | None = None
    lora_b: Float[Array, "r V"] | None = None
    lora_rows: Float[Array, "*rows D"] | None = None  # None: the adapter reads `rows`


class ScoreHead(NamedTuple):
    """How the products are computed: in the type of the rows, accumulated in float32."""

    scaling: float  # of the adapter's output, `LoraSpec.scaling`
    precision: jax.lax.Precision | None

    def product(self, equation: str, left: Float[Array, "..."], right: Float[Array, "..."]) -> Float32[Array, "..."]:
        """Computes an einsum with float32 output."""
        return jnp.einsum(equation, left, right, precision=self.precision, preferred_element_type=jnp.float32)

    def scores(self, inputs: ScoreInputs) -> tuple[Float32[Array, "C V"], Float[Array, "C r"] | None]:
        """Computes the scores of a chunk, and the rows projected by the adapter, which the gradients need again."""
        scores = self.product("CD,DV->CV", inputs.rows, inputs.kernel)
        if inputs.lora_a is None:
            return scores, None
        lora_rows = inputs.rows if inputs.lora_rows is None else inputs.lora_rows
        low = self.product("CD,Dr->Cr", lora_rows, inputs.lora_a).astype(inputs.rows.dtype)
        return scores + self.product("Cr,rV->CV", low, inputs.lora_b) * self.scaling, low

    def gradients(
        self,
        wanted: ScoreInputs,
        inputs: ScoreInputs,
        low: Float[Array, "C r"] | None,
        slope: Float32[Array, "C V"],
        scale: Float32[Array, "C 1"],
    ) -> ScoreInputs:
        """Computes the gradients by `inputs` from those by the scores, `scale * slope`.

        Args:
          wanted: True for the gradients to compute; the others are None.
          inputs: of this chunk.
          low: from `scores`.
          slope: gradients by the scores up to a factor for each row.
          scale: that factor.
        """
        work = inputs.rows.dtype
        if work != jnp.float32:  # a cast passes over all scores anyway, so the factor is applied there
            slope, scale = (slope * scale).astype(work), jnp.ones_like(scale)
        d_rows = d_kernel = d_a = d_b = d_lora_rows = None
        if wanted.rows:
            d_rows = scale * self.product("CV,DV->CD", slope, inputs.kernel)
        if wanted.kernel:
            d_kernel = self.product("CV,CD->DV", slope, _scaled(inputs.rows, scale))
        if low is not None:
            scale = scale * self.scaling
            d_low = (scale * self.product("CV,rV->Cr", slope, inputs.lora_b)).astype(work)
            d_lora_rows = self.product("Cr,Dr->CD", d_low, inputs.lora_a)
            lora_rows = inputs.lora_rows
            if lora_rows is None:
                d_rows = None if d_rows is None else d_rows + d_lora_rows
                lora_rows, d_lora_rows = inputs.rows, None
            if wanted.lora_a:
                d_a = self.product("CD,Cr->Dr", lora_rows, d_low)
            if wanted.lora_b:
                d_b = self.product("Cr,CV->rV", _scaled(low, scale), slope)
        return ScoreInputs(d_rows, d_kernel, d_a, d_b, d_lora_rows if wanted.lora_rows else None)


def _scaled(x: Float[Array, "C D"], scale: Float32[Array, "C 1"]) -> Float[Array, "C D"]:
    """Multiplies in float32; the result has the type of `x`."""
    return (x.astype(jnp.float32) * scale).astype(x.dtype)
