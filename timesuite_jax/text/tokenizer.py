"""The tokenizer interface, and its implementation over the `tokenizers` library.

Text is tokenized without adding special tokens. As upstream, every segment after a special token gets its own leading
"▁" (Hugging Face's legacy behaviour): the text after the video begins with "▁</", and a turn after "</s>" with "▁",
"▁[". All released checkpoints were trained on these ids.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import tokenizers


@dataclass(frozen=True)
class SpecialIds:
    """Ids of special tokens.

    Attributes:
      bos: beginning of a sequence ("<s>"; "[CLS]" in BERT vocabularies).
      eos: end of an answer ("</s>"; "[SEP]" in BERT vocabularies).
      pad: padding; equals `eos` if the vocabulary has no padding token (as upstream for Mistral).
      unk: unknown token; None if the vocabulary has none.
    """

    bos: int
    eos: int
    pad: int
    unk: int | None


class Tokenizer(Protocol):
    """Interface of all tokenizers."""

    special: SpecialIds
    vocab_size: int

    def encode(self, text: str) -> list[int]:
        """Returns the ids of `text`; recognises special tokens in it ("</s>") and adds none."""
        ...

    def decode(self, ids: Sequence[int], *, keep_special: bool = False) -> str:
        """Returns the text of `ids`, without special tokens unless `keep_special`."""
        ...

    def token_id(self, token: str) -> int | None:
        """Returns the id of a vocabulary entry, or None if there is none."""
        ...


class JsonTokenizer:
    """Tokenizer over the `tokenizers` library (`tokenizer.json` or a BERT vocabulary)."""

    def __init__(self, backend: tokenizers.Tokenizer, special: SpecialIds):
        self._backend = backend
        self.special = special
        self.vocab_size = backend.get_vocab_size(with_added_tokens=True)

    def encode(self, text: str) -> list[int]:
        """See `Tokenizer.encode`."""
        return self._backend.encode(text, add_special_tokens=False).ids

    def decode(self, ids: Sequence[int], *, keep_special: bool = False) -> str:
        """See `Tokenizer.decode`."""
        return self._backend.decode([int(i) for i in ids], skip_special_tokens=not keep_special)

    def token_id(self, token: str) -> int | None:
        """See `Tokenizer.token_id`."""
        return self._backend.token_to_id(token)
