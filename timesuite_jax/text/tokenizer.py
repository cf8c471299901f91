"""Tokenizers read from files, behind one tiny interface.

Two kinds of file serve Mistral: `tokenizer.json` (preferred when both are there) and a SentencePiece `.model`; a third,
BERT's `vocab.txt` (or its `tokenizer.json`), serves the Q-Former. Text is tokenised in segments, without special tokens
around it, the way the original does: every segment after a special token gets its own leading "▁" (what Hugging Face
calls the legacy behaviour), so that the text after the video begins "▁</" and a turn after "</s>" begins "▁", "▁[".
All released checkpoints were trained on those ids.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import sentencepiece
import tokenizers

from timesuite_jax.errors import UserError

_LEGACY_NORMALIZER = {
    "type": "Sequence",
    "normalizers": [
        {"type": "Prepend", "prepend": "▁"},
        {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
    ],
}


@dataclass(frozen=True)
class SpecialIds:
    """Ids with a meaning of their own.

    Attributes:
      bos: begins a sequence ("<s>"; "[CLS]" in a BERT vocabulary).
      eos: ends an answer ("</s>"; "[SEP]" in a BERT vocabulary).
      pad: fills up; equal to `eos` where the vocabulary has no padding token (as upstream does for Mistral).
      unk: stands for what the vocabulary lacks; None where every byte has a token.
    """

    bos: int
    eos: int
    pad: int
    unk: int | None


class Tokenizer(Protocol):
    """What everything else asks of a tokenizer."""

    special: SpecialIds
    vocab_size: int

    def encode(self, text: str) -> list[int]:
        """Ids of `text`; special tokens written out in it ("</s>") become their ids, none is added around it."""
        ...

    def decode(self, ids: Sequence[int]) -> str:
        """Text of `ids` without special tokens."""
        ...

    def token_id(self, token: str) -> int | None:
        """Id of a vocabulary piece written exactly so, or None."""
        ...


class JsonTokenizer:
    """A `tokenizers` tokenizer (`tokenizer.json`, or a BERT vocabulary) as a `Tokenizer`."""

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
    """A SentencePiece `.model` as a `Tokenizer`, special tokens in the text recognised as in the legacy behaviour."""

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


def load_tokenizer(path: str | Path) -> Tokenizer:
    """Loads the language model's tokenizer.

    Args:
      path: a `tokenizer.json`, a SentencePiece `.model`, or a folder with either (`tokenizer.json` is preferred).

    Raises:
      UserError: if there is no such file, it cannot be read, or it lacks "<s>" or "</s>".
    """
    file = _find(Path(path), ("tokenizer.json", "tokenizer.model"))
    if file.suffix == ".model":
        try:
            return SentencePieceTokenizer(sentencepiece.SentencePieceProcessor(model_file=str(file)))
        except (RuntimeError, OSError) as error:
            raise UserError(
                f"{file} is not a readable SentencePiece model ({error}); give the original file"
            ) from error
    backend = _read_json(file)
    return JsonTokenizer(
        backend, _special_ids(backend, file, bos="<s>", eos="</s>", unk=("<unk>", "[UNK]"), pad=("<pad>", "[PAD]"))
    )


def load_clip_tokenizer(path: str | Path) -> Tokenizer:
    """Loads the Q-Former's BERT tokenizer, which reads the clips' time texts.

    "[DEC]" is appended where it is absent: upstream adds it at run time, never feeds it, but sizes the word embedding
    with it.

    Args:
      path: a `vocab.txt`, a `tokenizer.json`, or a folder with either (`tokenizer.json` is preferred).

    Raises:
      UserError: if there is no such file, it cannot be read, or it lacks "[CLS]" or "[SEP]".
    """
    file = _find(Path(path), ("tokenizer.json", "vocab.txt"))
    backend = _bert_from_vocabulary(file) if file.suffix == ".txt" else _read_json(file)
    special = _special_ids(backend, file, bos="[CLS]", eos="[SEP]", unk=("[UNK]",), pad=("[PAD]",))
    if backend.token_to_id("[DEC]") is None:
        backend.add_special_tokens(["[DEC]"])
    return JsonTokenizer(backend, special)


def _find(path: Path, names: Sequence[str]) -> Path:
    candidates = [path / name for name in names] if path.is_dir() else [path]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    wanted = " or ".join(names)
    raise UserError(f"no tokenizer at {path}; give a file, or a folder with {wanted}")


def _read_json(file: Path) -> tokenizers.Tokenizer:
    try:
        description = json.loads(file.read_text(encoding="utf-8"))
        backend = tokenizers.Tokenizer.from_str(json.dumps(_with_legacy_prefix(description)))
    except Exception as error:  # the Rust side raises bare Exception
        raise UserError(f"{file} is not a readable tokenizer.json ({error}); give the original file") from error
    # Files saved by a training script may carry truncation or padding, which would cut text silently.
    backend.no_truncation()
    backend.no_padding()
    return backend


def _with_legacy_prefix(description: dict[str, Any]) -> dict[str, Any]:
    """Gives newer copies of Mistral's file (leading "▁" on the first segment only) the behaviour of training."""
    pre = description.get("pre_tokenizer") or {}
    if pre.get("type") == "Metaspace" and description.get("normalizer") is None and not pre.get("split", True):
        return {**description, "normalizer": _LEGACY_NORMALIZER, "pre_tokenizer": None}
    return description


def _bert_from_vocabulary(file: Path) -> tokenizers.Tokenizer:
    try:
        pieces = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file} is not a readable vocab.txt ({error}); give the original file") from error
    vocabulary = {piece: i for i, piece in enumerate(pieces)}
    backend = tokenizers.Tokenizer(tokenizers.models.WordPiece(vocabulary, unk_token="[UNK]"))
    backend.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=True)
    backend.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    backend.decoder = tokenizers.decoders.WordPiece()
    backend.add_special_tokens([name for name in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]") if name in vocabulary])
    return backend


def _special_ids(
    backend: tokenizers.Tokenizer, file: Path, *, bos: str, eos: str, unk: Sequence[str], pad: Sequence[str]
) -> SpecialIds:
    missing = [name for name in (bos, eos) if backend.token_to_id(name) is None]
    if missing:
        raise UserError(
            f"{file} has no token {' and no '.join(missing)}; give the tokenizer that the checkpoint was trained with"
        )

    def first_of(names: Sequence[str]) -> int | None:
        return next((i for name in names if (i := backend.token_to_id(name)) is not None), None)

    bos_id, eos_id, pad_id = first_of([bos]), first_of([eos]), first_of(pad)
    assert bos_id is not None and eos_id is not None
    return SpecialIds(bos_id, eos_id, eos_id if pad_id is None else pad_id, first_of(unk))
