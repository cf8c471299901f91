"""Layers: the smallest parts of every model: arrays in, arrays out. `timesuite_jax/dims.py` names the dimensions."""

from timesuite_jax.layers.activations import gated_silu, gelu
from timesuite_jax.layers.attention.dispatch import attention
from timesuite_jax.layers.drop_path import DropPath
from timesuite_jax.layers.dropout import Dropout
from timesuite_jax.layers.feed_forward import FeedForward
from timesuite_jax.layers.hash_prng import mask_key
from timesuite_jax.layers.linear import Linear, LoraSpec
from timesuite_jax.layers.logical_sharding import constrain_sharding, logical_sharding, num_shards, unbox
from timesuite_jax.layers.norms import LayerNorm, RMSNorm
from timesuite_jax.layers.rope import apply_rope, rope_angles, token_positions
from timesuite_jax.layers.sharded_scores import Shard, shard_map_scores
from timesuite_jax.layers.spec_types import Attention, FloatType, Remat, WeightFormat
from timesuite_jax.layers.stack import REMAT_POLICIES, run_stack

__all__ = [
    "REMAT_POLICIES",
    "Attention",
    "DropPath",
    "Dropout",
    "FeedForward",
    "FloatType",
    "LayerNorm",
    "Linear",
    "LoraSpec",
    "RMSNorm",
    "Remat",
    "Shard",
    "WeightFormat",
    "apply_rope",
    "attention",
    "constrain_sharding",
    "gated_silu",
    "gelu",
    "logical_sharding",
    "mask_key",
    "num_shards",
    "rope_angles",
    "run_stack",
    "shard_map_scores",
    "token_positions",
    "unbox",
]
