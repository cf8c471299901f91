"""Tokenizer over a SentencePiece `.model`, with ids and texts of `transformers`' tokenizer for Llama and Mistral."""

import re
from collections.abc import Sequence

import sentencepiece
from tokenizers import decoders

from timesuite_jax.errors import UserError
from timesuite_jax.text.added_tokens import AddedToken
from timesuite_jax.text.tokenizer import SpecialIds


class SentencePieceTokenizer:
    """Recognises special and added tokens in the text, as the legacy behaviour.

    Args:
      processor: the model.
      added: tokens that the model's file does not have.

    Raises:
      UserError: an added token has the id of another piece.
    """

    def __init__(self, processor: sentencepiece.SentencePieceProcessor, added: Sequence[AddedToken] = ()):
        self._processor = processor
        self._size = processor.get_piece_size()
        self._added = {token.id: token.content for token in added if token.id >= self._size}
        for token in added:
            if token.id < self._size and processor.id_to_piece(token.id) != token.content:
                raise UserError(
                    f"the added token {token.content!r} has id {token.id}, which is {processor.id_to_piece(token.id)!r}"
                    " in tokenizer.model; give the files of one tokenizer"
                )
        self.vocab_size = max([self._size, *(index + 1 for index in self._added)])
        bos, eos, pad, unk = processor.bos_id(), processor.eos_id(), processor.pad_id(), processor.unk_id()
        if pad < 0:
            pad = next((index for index, content in self._added.items() if content in ("<pad>", "[PAD]")), eos)
        self.special = SpecialIds(bos, eos, pad, unk if unk >= 0 else None)
        specials = {processor.id_to_piece(i): i for i in (unk, bos, eos, pad) if 0 <= i < self._size}
        self._marked = specials | {token.content: token.id for token in added}
        self._hidden = {*specials.values(), *(token.id for token in added if token.special)}
        # The longest first, so that "<time_1>" is not read as "<time" and text.
        self._split = re.compile("(" + "|".join(map(re.escape, sorted(self._marked, key=len, reverse=True))) + ")")
        spaced = "".join(processor.encode("a", out_type=str)).startswith("▁")
        strip = [decoders.Strip(" ", 1, 0)] if spaced else []
        # As in the tokenizer.json that `transformers` converts such a model to: a sequence of byte pieces that is not
        # UTF-8 gives one U+FFFD a byte. SentencePiece's own decoder gives other texts.
        self._decoder = decoders.Sequence(
            [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), *strip]
        )

    def encode(self, text: str) -> list[int]:
        """See `Tokenizer.encode`."""
        ids: list[int] = []
        for segment in self._split.split(text):
            if segment in self._marked:
                ids.append(self._marked[segment])
            elif segment:
                ids.extend(self._processor.encode(segment))
        return ids

    def decode(self, ids: Sequence[int], *, keep_special: bool = False) -> str:
        """See `Tokenizer.decode`."""
        shown = [int(i) for i in ids if keep_special or not self._is_hidden(int(i))]
        return self._decoder.decode([self._piece(i) for i in shown])

    def token_id(self, token: str) -> int | None:
        """See `Tokenizer.token_id`."""
        if token in self._marked:
            return self._marked[token]
        index = self._processor.piece_to_id(token)
        return index if self._processor.id_to_piece(index) == token else None

    def _piece(self, index: int) -> str:
        """Text of an id; empty for an id between the vocabulary and an added token, which no token has."""
        return self._processor.id_to_piece(index) if index < self._size else self._added.get(index, "")

    def _is_hidden(self, index: int) -> bool:
        return index in self._hidden or (index < self._size and self._processor.is_control(index))
