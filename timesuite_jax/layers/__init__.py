"""Layers: the smallest parts of every model: arrays in, arrays out. `timesuite_jax/dims.py` names the dimensions."""

from timesuite_jax.layers.activations import gated_silu, gelu, gelu_tanh
from timesuite_jax.layers.attention.dispatch import attention
from timesuite_jax.layers.batch_norm import BatchNorm
from timesuite_jax.layers.drop_path import DropPath
from timesuite_jax.layers.dropout import Dropout
from timesuite_jax.layers.feed_forward import FeedForward
from timesuite_jax.layers.hash_prng import mask_key
from timesuite_jax.layers.layer_scale import LayerScale
from timesuite_jax.layers.linear import Linear, LoraSpec
from timesuite_jax.layers.logical_sharding import constrain_sharding, logical_sharding, num_shards, unbox
from timesuite_jax.layers.norms import LayerNorm, RMSNorm
from timesuite_jax.layers.rope import apply_rope, rope_angles, token_positions
from timesuite_jax.layers.sharded_scores import Shard, shard_map_scores
from timesuite_jax.layers.spec_types import Activation, Attention, FloatType, Remat, WeightFormat
from timesuite_jax.layers.stack import REMAT_POLICIES, run_stack, run_stack_collecting

__all__ = [
    "REMAT_POLICIES",
    "Activation",
    "Attention",
    "BatchNorm",
    "DropPath",
    "Dropout",
    "FeedForward",
    "FloatType",
    "LayerNorm",
    "LayerScale",
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
    "gelu_tanh",
    "logical_sharding",
    "mask_key",
    "num_shards",
    "rope_angles",
    "run_stack",
    "run_stack_collecting",
    "shard_map_scores",
    "token_positions",
    "unbox",
]
