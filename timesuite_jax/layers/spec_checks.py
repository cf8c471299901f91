"""Checks of a model spec's choices (types, attention, rematerialization, weight format), before it is built."""

from typing import Any

import jax.numpy as jnp

from timesuite_jax.errors import UserError
from timesuite_jax.layers.attention.dispatch import IMPLEMENTATIONS
from timesuite_jax.layers.quantized import WEIGHT_FORMATS
from timesuite_jax.layers.stack import REMAT_POLICIES


def check_choices(spec: Any, where: str) -> None:
    """Checks the fields `dtype`, `param_dtype`, `attention`, `remat` and `weight_format` of a spec, where it has them.

    Raises:
      UserError: naming the field that has an unknown value.
    """
    for name in ("dtype", "param_dtype"):
        value = getattr(spec, name)
        try:
            floating = jnp.issubdtype(jnp.dtype(value), jnp.floating)
        except TypeError:
            floating = False
        if not floating:
            raise UserError(f"{where}.{name}={value!r} is unknown; choose 'float32' or 'bfloat16'")
    fields = {
        "attention": ["auto", *IMPLEMENTATIONS],
        "remat": ["none", *REMAT_POLICIES],
        "weight_format": WEIGHT_FORMATS,
    }
    for name, choices in fields.items():
        value = getattr(spec, name, choices[0])  # the Q-Former has no choice of attention
        if value not in choices:
            raise UserError(f"{where}.{name}={value!r} is unknown; choose one of {', '.join(choices)}")
