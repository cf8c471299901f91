"""Spec and parameters of BEATs from the config and the state dict of golden numbers."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from timesuite_jax.models.audio import BeatsSpec
from timesuite_jax.port.table import Table
from timesuite_jax.port.tables import beats


def beats_spec(config: Mapping[str, Any], **overrides: Any) -> BeatsSpec:
    """The spec from upstream's `cfg`."""
    assert config["activation_fn"] == "gelu" and config["gru_rel_pos"] and not config["conv_bias"]
    fields = {
        "patch_size": config["input_patch_size"],
        "patch_width": config["embed_dim"],
        "width": config["encoder_embed_dim"],
        "depth": config["encoder_layers"],
        "heads": config["encoder_attention_heads"],
        "mlp_hidden": config["encoder_ffn_embed_dim"],
        "conv_width": config["conv_pos"],
        "conv_groups": config["conv_pos_groups"],
        "buckets": config["num_buckets"],
        "max_distance": config["max_distance"],
        "pre_norm": config["layer_norm_first"],
        "deep_norm": config["deep_norm"],
    }
    return BeatsSpec(**{**fields, **overrides})


def beats_table(spec: BeatsSpec, prefix: str = "") -> Table:
    """The table of an encoder by itself."""
    projects = spec.patch_width != spec.width
    entries = beats.entries(prefix, "", spec.depth, spec.patch_size, projects=projects, trainable=True)
    order = beats.state_dict_order(prefix, [entry.torch for entry in entries])
    tied = beats.tied(prefix, spec.depth)
    return Table("beats", entries, [], order.index, tied)


def beats_params(state: Mapping[str, np.ndarray], spec: BeatsSpec, prefix: str = "") -> dict[str, Any]:
    """The encoder's parameters from a state dict that may have more."""
    table = beats_table(spec, prefix)
    return table.to_tree({name: state[name] for name in table.torch_names})
