"""Builds a word-level tokenizer from texts, for runs without pretrained weights.

It shares the relevant properties of the pretrained tokenizers: "▁" is prepended to every segment, each digit is a
token, punctuation is split off, and decoding restores the text exactly (except unknown words, which become "[UNK]").
The same file is used by the language model ("<s>", "</s>") and the Q-Former ("[CLS]", "[SEP]", "[PAD]").
"""

import json
import string
from collections.abc import Iterable
from pathlib import Path

import tokenizers

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "<s>", "</s>", "[CLS]", "[SEP]", "[DEC]")

# A piece is a conversation marker, a run of letters, a digit, or any other single character. A space is part of the
# following piece ("▁word", "▁7"): lists of timestamps are a fifth shorter than with separate space tokens.
_PIECE = r"▁?(?:\[/?INST\]|</?(?:Video|Image)>|\p{L}+)|▁?\p{N}|▁?[^\s▁\p{L}\p{N}]|▁|\s"

_MARKERS = ("[INST]", "[/INST]", "<Video>", "</Video>", "<Image>", "</Image>")

# Pieces of every vocabulary, independent of the texts.
_BASE_PIECES = [
    "▁",
    *(space + digit for digit in string.digits for space in ("", "▁")),
    *(space + mark for mark in ".,:;!?'\"()-/<>[]" for space in ("", "▁")),
    *(space + marker for marker in _MARKERS for space in ("", "▁")),
]


def build_word_tokenizer(texts: Iterable[str], path: str | Path) -> Path:
    """Writes a `tokenizer.json` whose vocabulary has all words of `texts`.

    Args:
      texts: all texts of the run: questions, answers, time texts, prompts.
      path: path of the file, or of the folder in which to write `tokenizer.json`.

    Returns:
      Path of the file, for `load_tokenizer` and `load_clip_tokenizer`.
    """
    splitter = tokenizers.pre_tokenizers.Split(tokenizers.Regex(_PIECE), behavior="isolated")
    words: set[str] = set()
    for text in texts:
        words.update(piece for piece, _ in splitter.pre_tokenize_str("▁" + text.replace(" ", "▁")))
    # A word may occur at the start of a segment although it never does in `texts`, and vice versa.
    words |= {"▁" + word for word in words if word[0].isalpha()} | {word[1:] for word in words if word[1:].isalpha()}
    pieces = [*SPECIAL_TOKENS, *_BASE_PIECES, *sorted(words.difference(_BASE_PIECES, SPECIAL_TOKENS))]
    description = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": i, "content": token, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
             "special": True}
            for i, token in enumerate(SPECIAL_TOKENS)
        ],
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "Prepend", "prepend": "▁"},
                {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
            ],
        },
        "pre_tokenizer": {"type": "Split", "pattern": {"Regex": _PIECE}, "behavior": "Isolated", "invert": False},
        "post_processor": None,
        "decoder": {
            "type": "Sequence",
            "decoders": [
                {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                {"type": "Fuse"},
                {"type": "Strip", "content": " ", "start": 1, "stop": 0},
            ],
        },
        "model": {"type": "WordLevel", "vocab": {piece: i for i, piece in enumerate(pieces)}, "unk_token": "[UNK]"},
    }  # fmt: skip
    file = Path(path)
    if file.suffix != ".json":
        file.mkdir(parents=True, exist_ok=True)
        file = file / "tokenizer.json"
    file.write_text(json.dumps(description, ensure_ascii=False, indent=1), encoding="utf-8")
    return file
