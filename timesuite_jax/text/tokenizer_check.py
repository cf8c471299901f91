"""What a tokenizer must be able to do before a run may use it, checked once at the start.

A tokenizer of the wrong family does not fail: it trains quietly on text in which numbers are chopped at random or in
which an answer has no end. So the needs are stated and tested here, with the remedy in the message.
"""

import string

from timesuite_jax.errors import UserError
from timesuite_jax.text.tokenizer import Tokenizer

_MARKS = "[INST] <Video></Video> [/INST] 12.3 - 45.6"


def check_tokenizer(tokenizer: Tokenizer, name: str) -> None:
    """Makes sure that `tokenizer` serves grounded conversations.

    Args:
      tokenizer: the language model's tokenizer.
      name: what to call it in the message (its path).

    Raises:
      UserError: if a digit is not one token, "</s>" in a text is not the end token, the marks of a conversation do not
        come back from decoding, or a special id lies outside the vocabulary.
    """
    special = tokenizer.special
    for label, index in (("beginning", special.bos), ("end", special.eos), ("padding", special.pad)):
        if not 0 <= index < tokenizer.vocab_size:
            raise UserError(
                f"{name}: the {label} token has id {index}, outside the vocabulary of {tokenizer.vocab_size}"
            )
    if special.bos == special.eos:
        raise UserError(
            f"{name}: beginning and end are the same token {special.bos}; give a tokenizer with <s> and </s>"
        )
    missing = _digits_that_are_not_single_tokens(tokenizer)
    if missing:
        raise UserError(
            f"{name} does not keep digits apart (no single token for {', '.join(missing)}), so time stamps cannot be "
            "learned digit by digit; give Mistral's tokenizer or build one with build_word_tokenizer"
        )
    if tokenizer.encode("a </s>")[-1] != special.eos:
        raise UserError(
            f'{name} does not read "</s>" as its end token {special.eos}; give the file with special tokens'
        )
    back = tokenizer.decode(tokenizer.encode(_MARKS))
    if back != _MARKS:
        raise UserError(f"{name} loses text: {_MARKS!r} comes back as {back!r}; its vocabulary lacks these pieces")


def _digits_that_are_not_single_tokens(tokenizer: Tokenizer) -> list[str]:
    # Between two other digits, so that neither a leading "▁" nor a merged pair ("12") can hide the answer.
    wrong = []
    for digit in string.digits:
        ids = tokenizer.encode(f"1{digit}2")
        single = tokenizer.token_id(digit)
        if single is None or ids.count(single) < 1 or len(ids) > 4 or tokenizer.special.unk in ids[-3:]:
            wrong.append(digit)
    return wrong
