"""Generation: decodes tokens from embedded prompts, with a key-value cache and one compiled loop."""

from timesuite_jax.generation.decoding import Generated, continue_once, decode, generate, prefill
from timesuite_jax.generation.sampling import GenerationSpec, keep_top_p, next_token

__all__ = [
    "Generated",
    "GenerationSpec",
    "continue_once",
    "decode",
    "generate",
    "keep_top_p",
    "next_token",
    "prefill",
]
