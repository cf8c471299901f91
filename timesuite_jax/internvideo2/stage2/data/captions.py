"""Captions of records, and their tokens."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from jaxtyping import Bool, Int

from timesuite_jax.data.corpora import Record, read_info
from timesuite_jax.data.corpora.corpus_shares import corpus_shares
from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.data.labels import label_of
from timesuite_jax.internvideo2.stage2.data.caption_text import clean_caption
from timesuite_jax.text import Tokenizer, load_clip_tokenizer

CaptionSource = Literal["answers", "classes"]
_MASK = "[MASK]"


class CaptionTokens:
    """Tokens of captions: [CLS], the words that fit, padding.

    Without [SEP]: upstream's tokenizer (`tokenization_bert.py` of its BERT) does not add it.

    Args:
      path: of BERT's vocabulary, see `load_clip_tokenizer`.
      max_tokens: P, with [CLS].

    Attributes:
      special: ids of the tokenizer.
      mask_id: of [MASK].

    Raises:
      UserError: there is no such vocabulary, or it has no [MASK].
    """

    def __init__(self, path: str, max_tokens: int) -> None:
        self._tokenizer: Tokenizer = load_clip_tokenizer(path)
        self._max_tokens = max_tokens
        self.special = self._tokenizer.special
        mask_id = self._tokenizer.token_id(_MASK)
        if mask_id is None:
            raise UserError(
                f"{path} has no {_MASK}, by which words are hidden; give the vocab.txt of bert-large-uncased"
            )
        self.mask_id = mask_id

    def __call__(
        self, texts: Sequence[str], *, clean: bool = True
    ) -> tuple[Int[np.ndarray, "n P"], Bool[np.ndarray, "n P"]]:
        """Token ids, and False at padding.

        Args:
          texts: captions.
          clean: first pass them through `clean_caption`.
        """
        ids = np.full((len(texts), self._max_tokens), self.special.pad, np.int32)
        mask = np.zeros(ids.shape, bool)
        for row, text in enumerate(texts):
            words = self._tokenizer.encode(clean_caption(text) if clean else text)[: self._max_tokens - 1]
            tokens = [self.special.bos, *words]
            ids[row, : len(tokens)], mask[row, : len(tokens)] = tokens, True
        return ids, mask


def class_names(corpora: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Names of the classes of each corpus, by the corpus's name.

    Args:
      corpora: folders, see `corpus_shares`.

    Raises:
      UserError: a corpus is missing, or has no names of classes.
    """
    found = {}
    for share in corpus_shares(corpora):
        info = read_info(share.folder)
        if not info.classes:
            raise UserError(
                f"{share.folder} has no names of classes to use as captions; set data.captions='answers', or build it "
                "with `timesuite data build --classes`"
            )
        found[info.name] = info.classes
    return found


def captions_of(record: Record, classes: Mapping[str, Sequence[str]] | None) -> list[str]:
    """The captions of a record, at least one.

    Args:
      record: the record.
      classes: names of classes by corpus, of which that of the record is the caption; None: the answers of its turns
        are captions.

    Raises:
      UserError: there is none.
    """
    if classes is not None:
        names = classes[record.corpus]
        return [names[label_of(record, len(names))]]
    found = [turn.answer for turn in record.turns if turn.answer and clean_caption(turn.answer)]
    if not found:
        raise UserError(f"record {record.id} has no answer to use as a caption; build the corpus from captions")
    return found
