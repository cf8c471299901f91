"""The part of a text that is being generated whose characters later tokens cannot change."""

from collections.abc import Sequence

from timesuite_jax.text.tokenizer import Tokenizer

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# A byte that UTF-8 never contains: as the next token it makes all bytes before it invalid, where a vocabulary has
# tokens for bytes and a run of them is decoded as a whole.
_BYTE = "<0xFF>"


class StableText:
    """Finds tokens whose text is final.

    A character may consist of several tokens, one a byte; until the last of them the text ends in replacement
    characters.

    Args:
      tokenizer: that generated the tokens.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer, self._byte = tokenizer, tokenizer.token_id(_BYTE)

    def stable_ids(self, ids: Sequence[int]) -> list[int]:
        """Returns as many of the first `ids` as have a text that tokens after them cannot change."""
        known = list(ids)
        while known and not self._is_stable(known):
            known.pop()
        return known

    def _is_stable(self, ids: Sequence[int]) -> bool:
        text = self._tokenizer.decode(ids)
        if text.endswith(_REPLACEMENT):
            return False
        return self._byte is None or self._tokenizer.decode([*ids, self._byte]).startswith(text)
