"""The tokenizer interface, over the `tokenizers` and `sentencepiece` libraries.

Text is tokenized without adding special tokens. As upstream, every segment after a special token gets its own leading
"▁" (Hugging Face's legacy behaviour): the text after the video begins with "▁</", and a turn after "</s>" with "▁",
"▁[". All released checkpoints were trained on these ids.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import sentencepiece
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

    def decode(self, ids: Sequence[int]) -> str:
        """Returns the text of `ids`, without special tokens."""
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

    def decode(self, ids: Sequence[int]) -> str:
        """See `Tokenizer.decode`."""
        return self._backend.decode([int(i) for i in ids], skip_special_tokens=True)

    def token_id(self, token: str) -> int | None:
        """See `Tokenizer.token_id`."""
        return self._backend.token_to_id(token)


class SentencePieceTokenizer:
    """Tokenizer over a SentencePiece `.model`, which recognises special tokens in the text as the legacy behaviour."""

    def __init__(self, processor: sentencepiece.SentencePieceProcessor):
        self._processor = processor
        bos, eos, pad, unk = processor.bos_id(), processor.eos_id(), processor.pad_id(), processor.unk_id()
        self.special = SpecialIds(bos, eos, pad if pad >= 0 else eos, unk if unk >= 0 else None)
        self.vocab_size = processor.get_piece_size()
        self._specials = {processor.id_to_piece(i): i for i in (unk, bos, eos, pad) if i >= 0}
        self._split = re.compile("(" + "|".join(map(re.escape, self._specials)) + ")")

    def encode(self, text: str) -> list[int]:
        """See `Tokenizer.encode`."""
        ids: list[int] = []
        for segment in self._split.split(text):
            if segment in self._specials:
                ids.append(self._specials[segment])
            elif segment:
                ids.extend(self._processor.encode(segment))
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """See `Tokenizer.decode`."""
        hidden = set(self._specials.values())
        return self._processor.decode([int(i) for i in ids if int(i) not in hidden])

    def token_id(self, token: str) -> int | None:
        """See `Tokenizer.token_id`."""
        index = self._processor.piece_to_id(token)
        return index if self._processor.id_to_piece(index) == token else None
