"""Checks of the options that decide how an answer is decoded, the same for commands and in Python."""

import math
from collections.abc import Callable

from timesuite_jax.errors import UserError

# Context of the original's language model, Mistral-7B-Instruct-v0.2 (`max_position_embeddings`): the cache of keys and
# values reserves that many tokens for an answer, whether they are used or not.
MAX_NEW_TOKENS = 32_768
_SEEDS = 2**63


def check_decoding(
    max_new_tokens: int,
    temperature: float = 0.0,
    seed: int = 0,
    *,
    shown: Callable[[str, float], str] = lambda name, value: f"{name}={value}",
) -> None:
    """Checks the options of decoding.

    Args:
      max_new_tokens: maximum length of an answer.
      temperature: of sampling.
      seed: of sampling.
      shown: an option with its value, as the user wrote it.

    Raises:
      UserError: one is out of range.
    """
    option = shown("max_new_tokens", max_new_tokens)
    if max_new_tokens < 1:
        raise UserError(f"{option} is less than 1; give at least 1")
    if max_new_tokens > MAX_NEW_TOKENS:
        raise UserError(
            f"{option} is more than {MAX_NEW_TOKENS}, the limit of an answer; give at most {MAX_NEW_TOKENS}"
        )
    if not 0 <= temperature < math.inf:  # also rejects nan
        option = shown("temperature", temperature)
        raise UserError(f"{option} is not a number of at least 0; give 0 for greedy decoding")
    if not 0 <= seed < _SEEDS:
        raise UserError(f"{shown('seed', seed)} is not a whole number from 0 to {_SEEDS - 1}; give one")


def as_option(name: str, value: float) -> str:
    """Returns an option with its value as on the command line: "--max-new-tokens 0"."""
    return f"--{name.replace('_', '-')} {value}"
