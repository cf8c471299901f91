"""Generation: decodes tokens from embedded prompts, with a key-value cache and one compiled loop."""

from timesuite_jax.generation.decoding import (
    Decoding,
    Generated,
    continue_decoding,
    continue_once,
    decode,
    generate,
    prefill,
    read_tokens,
    start_decoding,
)
from timesuite_jax.generation.sampling import GenerationSpec, keep_top_p, next_token

__all__ = [
    "Decoding",
    "Generated",
    "GenerationSpec",
    "continue_decoding",
    "continue_once",
    "decode",
    "generate",
    "keep_top_p",
    "next_token",
    "prefill",
    "read_tokens",
    "start_decoding",
]
