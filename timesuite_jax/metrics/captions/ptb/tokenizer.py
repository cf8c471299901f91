"""Tokenization of captions for CIDEr, METEOR and SODA: Penn Treebank tokens without punctuation.

Equal to `PTBTokenizer` of pycocoevalcap, which runs Stanford's tokenizer in Java on a file of all captions and drops
tokens of punctuation. Brackets remain, as "-lrb-" and "-rrb-", because it looks for them in upper case.
"""

import re
from collections.abc import Iterable, Sequence

from timesuite_jax.metrics.captions.ptb.lexer import LINE_END, lex

_PUNCTUATION = frozenset(
    ("''", "'", "``", "`", "-LRB-", "-RRB-", "-LCB-", "-RCB-", ".", "?", "!", ",", ":", "-", "--", "...", ";")
)
_LINE_BREAKS = re.compile("[\r\v\f\u2028\u2029]")


def ptb_tokenize(captions: Sequence[str], *, protocol: str = "default") -> list[str]:
    """Splits captions into tokens joined by single spaces.

    Args:
      captions: captions of any number of videos. A line feed in one is a space.
      protocol: "paper" writes all captions as lines of one file, as the original: after a caption with another line
        break (carriage return, form feed, line or paragraph separator), each caption gets the tokens of the line before
        its own. "default" takes every line break for a space.
    """
    cleaned = [caption.replace("\n", " ") for caption in captions]
    if protocol != "paper":
        return [_tokens(lex(_LINE_BREAKS.sub(" ", caption) + "\n")) for caption in cleaned]
    lines: list[list[str]] = [[]]
    for token in lex("\n".join(cleaned)):
        if token == LINE_END:
            lines.append([])
        else:
            lines[-1].append(token)
    return [_tokens(line) for line in lines[: len(cleaned)]]


def _tokens(tokens: Iterable[str]) -> str:
    return " ".join(token for token in tokens if token != LINE_END and token not in _PUNCTUATION)
