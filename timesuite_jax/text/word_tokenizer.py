"""A word-level tokenizer built from a handful of texts, for runs that start from nothing.

It behaves like the pretrained ones where that matters: "▁" is put before every segment, each digit is a token of its
own, punctuation is split off, and decoding gives the text back exactly (unknown words become "[UNK]" and vanish). The
same file serves the language model ("<s>", "</s>") and the Q-Former ("[CLS]", "[SEP]", "[PAD]").
"""

import json
import string
from collections.abc import Iterable
from pathlib import Path

import tokenizers

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "<s>", "</s>", "[CLS]", "[SEP]", "[DEC]")

# One piece is: the marks of a conversation whole; a run of letters; a digit; any other single character. A space
# belongs to what comes after it ("▁word", "▁7"): rows of time stamps are a fifth shorter than with spaces of their own.
_PIECE = r"▁?(?:\[/?INST\]|</?(?:Video|Image)>|\p{L}+)|▁?\p{N}|▁?[^\s▁\p{L}\p{N}]|▁|\s"

_MARKS = ("[INST]", "[/INST]", "<Video>", "</Video>", "<Image>", "</Image>")

# Pieces that any conversation needs, whatever the corpus says.
_ALWAYS = [
    "▁",
    *(space + digit for digit in string.digits for space in ("", "▁")),
    *(space + mark for mark in ".,:;!?'\"()-/<>[]" for space in ("", "▁")),
    *(space + mark for mark in _MARKS for space in ("", "▁")),
]


def build_word_tokenizer(texts: Iterable[str], path: str | Path) -> Path:
    """Writes a `tokenizer.json` whose vocabulary is every word of `texts`.

    Args:
      texts: all texts that will be met: questions, answers, time sentences, prompts.
      path: the file, or the folder in which `tokenizer.json` is written.

    Returns:
      The path of the file, for `load_tokenizer` and `load_clip_tokenizer`.
    """
    splitter = tokenizers.pre_tokenizers.Split(tokenizers.Regex(_PIECE), behavior="isolated")
    words: set[str] = set()
    for text in texts:
        words.update(piece for piece, _ in splitter.pre_tokenize_str("▁" + text.replace(" ", "▁")))
    # A word may begin a segment in use though it never did in the texts, and the other way round.
    words |= {"▁" + word for word in words if word[0].isalpha()} | {word[1:] for word in words if word[1:].isalpha()}
    pieces = [*SPECIAL_TOKENS, *_ALWAYS, *sorted(words.difference(_ALWAYS, SPECIAL_TOKENS))]
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
