"""Tokenizes the time texts of clips to a fixed length, as input of the Q-Former."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int

from timesuite_jax.text.tokenizer import Tokenizer


class ClipText(NamedTuple):
    """Token ids of the time texts of K clips, padded to length P."""

    ids: Int[np.ndarray, "K P"]  # int32, right-padded
    mask: Bool[np.ndarray, "K P"]  # True for tokens, False for padding
    n_cut: Int[np.ndarray, " K"]  # int32, number of tokens truncated from each text


def encode_clip_texts(tokenizer: Tokenizer, texts: Sequence[str], length: int) -> ClipText:
    """Tokenizes texts to "[CLS] ... [SEP]", right-padded to a fixed length; padding is masked.

    Texts that are too long are truncated on the left, as by upstream's tokenizer; the number of truncated tokens is
    returned, so that callers can report it.

    Args:
      tokenizer: tokenizer of `load_clip_tokenizer`.
      texts: K texts.
      length: padded length P, at least 3.

    Raises:
      ValueError: `length` is less than 3.
    """
    if length < 3:
        raise ValueError(f"clip text length {length} leaves no room between [CLS] and [SEP]; give at least 3")
    ids = np.full((len(texts), length), tokenizer.special.pad, np.int32)
    mask = np.zeros((len(texts), length), bool)
    n_cut = np.zeros(len(texts), np.int32)
    for row, text in enumerate(texts):
        tokens = tokenizer.encode(text)
        n_cut[row] = max(0, len(tokens) - (length - 2))
        tokens = [tokenizer.special.bos, *tokens[n_cut[row] :], tokenizer.special.eos]
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = True
    return ClipText(ids, mask, n_cut)
