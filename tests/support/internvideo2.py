"""Specs and parameters of InternVideo2 from the config and the state dict of golden numbers."""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from einops import rearrange
from jaxtyping import Array

from timesuite_jax.models.vision import InternVideo2Spec
from timesuite_jax.port.table import Table
from timesuite_jax.port.tables import internvideo2


def encoder_spec(kwargs: Mapping[str, Any], **overrides: Any) -> InternVideo2Spec:
    """The spec of an encoder from the arguments of upstream's class; its plain modules have the erf form of GELU."""
    fields = {
        "image_size": kwargs["img_size"],
        "patch_size": kwargs["patch_size"],
        "width": kwargs["embed_dim"],
        "depth": kwargs["depth"],
        "heads": kwargs["num_heads"],
        "mlp_hidden": int(kwargs["embed_dim"] * kwargs["mlp_ratio"]),
        "pool_heads": kwargs["attn_pool_num_heads"],
        "pool_width": kwargs["clip_embed_dim"],
        "num_frames": kwargs.get("num_frames", 1),
        "positions": "separate" if kwargs.get("sep_pos_embed") else "joint",
        "activation": "gelu",
    }
    return InternVideo2Spec(**{**fields, **overrides})


def encoder_params(state: Mapping[str, np.ndarray], spec: InternVideo2Spec, prefix: str = "") -> dict[str, Any]:
    """The encoder's parameters from a state dict that may have more."""
    entries = internvideo2.entries(
        prefix, "", spec.depth, spec.patch_size, separate=spec.positions == "separate",
        own_image=spec.image_positions == "own",
    )  # fmt: skip
    table = Table("encoder", entries, [], order=lambda name: name)
    return table.to_tree({name: state[name] for name in table.entries})


def channels_last(video: np.ndarray) -> Array:
    """Upstream's (B, C, T, H, W) as (n, F, H, W, 3)."""
    return jnp.asarray(rearrange(video, "n c F H W -> n F H W c"))
