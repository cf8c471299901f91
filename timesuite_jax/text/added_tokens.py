"""Reads tokens that were added to a vocabulary after its training, from the files that `transformers` saves beside it.

Fine-tuning adds tokens ("<time>") that `tokenizer.model` and `vocab.txt` cannot hold; they are in `added_tokens.json`
(older versions) and under "added_tokens_decoder" in `tokenizer_config.json`. Without them a model's embeddings have
rows that no text reaches, and "<time>" is tokenized as five other pieces.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tokenizers
from etils import epath

from timesuite_jax.errors import UserError

ADDED_TOKENS, CONFIG, SPECIAL_TOKENS = "added_tokens.json", "tokenizer_config.json", "special_tokens_map.json"


@dataclass(frozen=True)
class AddedToken:
    """One token; special tokens are left out of decoded text."""

    content: str
    id: int
    special: bool


def read_added_tokens(folder: epath.Path) -> list[AddedToken]:
    """Reads the tokens added to the tokenizer in a folder, by id; empty if there are none.

    Raises:
      UserError: a file is not readable, or two of them give a token different ids or an id different tokens.
    """
    config, special_map = _read(folder / CONFIG), _read(folder / SPECIAL_TOKENS)
    specials = {_content(value) for source in (config, special_map) for value in _special_values(source)}
    found: dict[str, AddedToken] = {}
    owners: dict[int, str] = {}
    for file, content, number, special in [
        *((ADDED_TOKENS, content, number, False) for content, number in _read(folder / ADDED_TOKENS).items()),
        *((CONFIG, *entry) for entry in _decoder_entries(folder, config)),
    ]:
        if not isinstance(number, int):
            raise UserError(f"{folder / file}: the id of {content!r} is {number!r}, not an int; give the original file")
        known = found.get(content)
        if (known is not None and known.id != number) or owners.setdefault(number, content) != content:
            other = f"{content!r} has id {known.id}" if known is not None else f"id {number} is {owners[number]!r}"
            raise UserError(
                f"{folder / file}: token {content!r} has id {number}, but elsewhere in {folder} {other}; "
                "give the files of one tokenizer"
            )
        is_special = special or content in specials or (known is not None and known.special)
        found[content] = AddedToken(content, number, is_special)
    return sorted(found.values(), key=lambda token: token.id)


def add_to_backend(backend: tokenizers.Tokenizer, tokens: Sequence[AddedToken], file: epath.Path) -> None:
    """Adds tokens to a tokenizer of the `tokenizers` library, which numbers them itself.

    Raises:
      UserError: a token would get another id than the one it was trained with.
    """
    known = {token.content for token in backend.get_added_tokens_decoder().values()}
    for token in tokens:
        if token.content not in known:  # pieces of the vocabulary too: only then are they recognised in a text
            added = tokenizers.AddedToken(token.content, special=token.special, normalized=False)
            (backend.add_special_tokens if token.special else backend.add_tokens)([added])
        if (index := backend.token_to_id(token.content)) != token.id:
            raise UserError(
                f"{file} gives token {token.content!r} id {index}, but {ADDED_TOKENS} or {CONFIG} beside it id "
                f"{token.id}; give the files of one tokenizer"
            )


def _read(file: epath.Path) -> Mapping[str, Any]:
    if not file.is_file():
        return {}
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{file} is not readable JSON ({error}); give the original file") from error
    if not isinstance(values, dict):
        raise UserError(f"{file} contains a {type(values).__name__}, not a JSON object; give the original file")
    return values


def _decoder_entries(folder: epath.Path, config: Mapping[str, Any]) -> list[tuple[str, int, bool]]:
    """Content, id and special flag of the entries of "added_tokens_decoder"."""
    try:
        return [
            (_content(entry), int(number), bool(entry.get("special", False)))
            for number, entry in dict(config.get("added_tokens_decoder") or {}).items()
        ]
    except (AttributeError, TypeError, ValueError) as error:
        raise UserError(
            f"{folder / CONFIG}: added_tokens_decoder is not a mapping from ids to tokens ({error}); "
            "give the original file"
        ) from error


def _special_values(source: Mapping[str, Any]) -> list[Any]:
    """Special tokens that a file names: "bos_token" and the like, "additional_special_tokens"."""
    named = [value for key, value in source.items() if key.endswith("_token")]
    listed = source.get("additional_special_tokens")
    return [*named, *(listed if isinstance(listed, list) else [])]


def _content(value: Any) -> str:
    """Text of a token, which the files write as a string or as an object."""
    return str(value.get("content", "")) if isinstance(value, Mapping) else str(value)
