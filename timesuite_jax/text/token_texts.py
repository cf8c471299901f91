"""The text that each token of a vocabulary adds to an answer."""

from timesuite_jax.text.tokenizer import Tokenizer

_UNDECODABLE = "\N{REPLACEMENT CHARACTER}"


def token_texts(tokenizer: Tokenizer) -> list[str]:
    """Returns the text that each id adds when it is decoded after other text.

    Special tokens, and tokens that are part of a character only, have the text "".
    """
    (*_, anchor) = tokenizer.encode(".")  # the first token of a text may lose its space, those after it do not
    before = tokenizer.decode([anchor])
    texts = []
    for token in range(tokenizer.vocab_size):
        whole = tokenizer.decode([anchor, token])
        added = whole[len(before) :] if whole.startswith(before) else ""
        texts.append("" if _UNDECODABLE in added else added)
    return texts
