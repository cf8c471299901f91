"""A language model whose logits are random: anything that a trained model may prefer occurs."""

from typing import Any

import jax
import jax.numpy as jnp

from timesuite_jax.models.text import Mistral


class RandomLanguageModel(Mistral):
    """Logits are drawn for each row of a batch and each position.

    `params` are the key, the scale of the logits, and a script [rows, positions] of tokens that exceed all others.
    """

    def apply(self, variables: Any, x: Any, *args: Any, method: str = "", cache: Any = None, **kwargs: Any) -> Any:
        """Replaces the three methods that decoding calls."""
        del kwargs
        if method == "embed":
            return x[..., None].astype(jnp.float32)
        if method == "logits":
            params = variables["params"]
            place = jax.lax.bitcast_convert_type(x[:, 0, 0], jnp.int32)

            def draw(place: Any) -> Any:
                logits = jax.random.normal(jax.random.fold_in(params["key"], place), (self.spec.vocab,))
                scripted = params["script"][place // 1000, place % 1000]
                return params["scale"] * (logits + 100.0 * jax.nn.one_hot(scripted, self.spec.vocab))

            return jax.vmap(draw)(place)[:, None]
        positions = args[0]
        rows = 1000 * jnp.arange(len(positions))[:, None]
        return jax.lax.bitcast_convert_type(positions + rows, jnp.float32)[..., None], {"cache": cache}
