"""The text of a caption as the model reads it."""

import re

_REMOVED = re.compile(r"[,.'!?\"()*#:;~]")
_SEPARATORS = re.compile(r"[-/]")
_SPACE = re.compile(r"\s{2,}")


def clean_caption(text: str) -> str:
    """A caption in lower case without punctuation (`pre_text` of upstream's `dataset/utils.py`).

    "-" and "/" become spaces, "<person>" becomes "person".
    """
    text = _SEPARATORS.sub(" ", _REMOVED.sub("", text.lower())).replace("<person>", "person")
    return _SPACE.sub(" ", text).strip()
