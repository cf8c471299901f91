"""Layers: the smallest parts of every model; arrays in, arrays out, no knowledge of any model.

Dims glossary, used in annotations and einsum strings of the whole package: B batch, K clips of a video, F frames a
clip, T frames in all (K*F), H W pixels, P clip-text tokens, N vision or query tokens, S sequence of the language model,
C cache length, D model width, M hidden width of a feed-forward, h heads, g key-value heads, d width of a head, V
vocabulary, L layers, r LoRA rank, A answer positions.
"""

from timesuite_jax.layers.activations import gated_silu, gelu
from timesuite_jax.layers.attention.dispatch import attention
from timesuite_jax.layers.drop_path import DropPath
from timesuite_jax.layers.dropout import Dropout
from timesuite_jax.layers.feed_forward import FeedForward
from timesuite_jax.layers.hash_prng import mask_key
from timesuite_jax.layers.linear import Linear, LoraSpec
from timesuite_jax.layers.logical_sharding import logical_sharding, num_shards
from timesuite_jax.layers.norms import LayerNorm, RMSNorm
from timesuite_jax.layers.rope import apply_rope, rope_angles, token_positions
from timesuite_jax.layers.sharded_scores import Shard, shard_map_scores
from timesuite_jax.layers.spec_checks import check_choices
from timesuite_jax.layers.stack import REMAT_POLICIES, run_stack

__all__ = [
    "REMAT_POLICIES",
    "DropPath",
    "Dropout",
    "FeedForward",
    "LayerNorm",
    "Linear",
    "LoraSpec",
    "RMSNorm",
    "Shard",
    "apply_rope",
    "attention",
    "check_choices",
    "gated_silu",
    "gelu",
    "logical_sharding",
    "mask_key",
    "num_shards",
    "rope_angles",
    "run_stack",
    "shard_map_scores",
    "token_positions",
]
