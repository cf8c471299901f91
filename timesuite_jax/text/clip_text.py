"""Tokenizes the time texts of clips to a fixed length, as input of the Q-Former.

A token's position in the Q-Former is its column, so where the texts are in their rows is part of the model: one that
was trained with one padding gives other visual tokens with another (about 10 % RMS for the released weights).

| padding | a text's last token is in column | depends on |
|---|---|---|
| `right` | its length - 1: every text begins in column 0 | nothing else |
| `left_per_video` | L - 1, where L is the length of the video's longest text | the clips of the video |
| `left_per_batch` | L - 1, where L is the length of the batch's longest text | all videos of a process's rows |

The original pads on the left to the longest text of the call: of one GPU's batch in training, of a video in evaluation.
Columns up to `length` are filled with masked padding, which changes nothing.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Bool, Int

from timesuite_jax.text.tokenizer import Tokenizer

ClipTextPadding = Literal["right", "left_per_video", "left_per_batch"]


class ClipText(NamedTuple):
    """Token ids of the time texts of K clips, padded to length P."""

    ids: Int[np.ndarray, "K P"]  # int32
    mask: Bool[np.ndarray, "K P"]  # True for tokens, False for padding
    n_cut: Int[np.ndarray, " K"]  # int32, number of tokens truncated from each text


def encode_clip_texts(
    tokenizer: Tokenizer, texts: Sequence[str], length: int, padding: ClipTextPadding = "right"
) -> ClipText:
    """Tokenizes texts to "[CLS] ... [SEP]", padded to a fixed length; padding is masked.

    Texts that are too long are truncated on the left, as by upstream's tokenizer; the number of truncated tokens is
    returned, so that callers can report it.

    Args:
      tokenizer: tokenizer of `load_clip_tokenizer`.
      texts: K texts, those of one video.
      length: padded length P, at least 3.
      padding: see the module. For `left_per_batch` the texts are aligned as one video's; `shift_right` aligns them with
        those of other videos.

    Raises:
      ValueError: `length` is less than 3.
    """
    if length < 3:
        raise ValueError(f"clip text length {length} is too short for [CLS], a token and [SEP]; give at least 3")
    encoded = [tokenizer.encode(text) for text in texts]
    n_cut = np.array([max(0, len(tokens) - (length - 2)) for tokens in encoded], np.int32)
    rows = [
        [tokenizer.special.bos, *tokens[cut:], tokenizer.special.eos]
        for tokens, cut in zip(encoded, n_cut, strict=True)
    ]
    longest = max(map(len, rows), default=0)
    ids = np.full((len(texts), length), tokenizer.special.pad, np.int32)
    mask = np.zeros((len(texts), length), bool)
    for row, tokens in enumerate(rows):
        start = 0 if padding == "right" else longest - len(tokens)
        ids[row, start : start + len(tokens)] = tokens
        mask[row, start : start + len(tokens)] = True
    return ClipText(ids, mask, n_cut)


def used_columns(mask: Bool[np.ndarray, "K P"]) -> int:
    """Returns the number of columns up to the last token of any text."""
    return int(np.flatnonzero(mask.any(axis=0)).max(initial=-1)) + 1


def shift_right(
    ids: Int[np.ndarray, "K P"], mask: Bool[np.ndarray, "K P"], columns: int
) -> tuple[Int[np.ndarray, "K P"], Bool[np.ndarray, "K P"]]:
    """Shifts the texts of a video so that its longest one ends in column `columns` - 1, within the same length.

    Args:
      ids: token ids, of `encode_clip_texts`.
      mask: True for tokens.
      columns: at least `used_columns(mask)`, at most P.

    Raises:
      ValueError: `columns` is out of range.
    """
    used = used_columns(mask)
    if not used <= columns <= mask.shape[1]:
        raise ValueError(f"cannot align texts of {used} columns to {columns} of {mask.shape[1]}")
    # The columns that come around are masked padding.
    return np.roll(ids, columns - used, axis=1), np.roll(mask, columns - used, axis=1)
