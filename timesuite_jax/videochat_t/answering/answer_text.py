"""The text of an answer as the original's evaluation makes it."""

from collections.abc import Sequence

from timesuite_jax.text import Tokenizer


def upstream_answer_text(tokenizer: Tokenizer, ids: Sequence[int]) -> str:
    """Decodes generated ids as `answer` of upstream's `eval/eval_infer.py`, whose parsers read the result.

    One leading "<unk>" and then one leading "<s>" are dropped; all other special tokens and all white space are kept,
    and the text ends before its first "</s>".
    """
    rest = list(ids)
    for token in (tokenizer.special.unk, tokenizer.special.bos):
        if rest and rest[0] == token:
            del rest[0]
    return tokenizer.decode(rest, keep_special=True).partition("</s>")[0]
