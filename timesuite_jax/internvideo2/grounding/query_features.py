"""Features of queries: hashed words, a sentence encoder, or files."""

import dataclasses
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from jaxtyping import Float32

from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.grounding.moment_query import MomentQuery
from timesuite_jax.storage.npz import read_arrays
from timesuite_jax.storage.remote_path import to_path
from timesuite_jax.storage.staging import local_copy

HASHED, MINILM = "hashed", "minilm"
_ARRAYS = ("features", "last_hidden_state")  # names in files; the second one is that of Moment-DETR's CLIP features

QueryFeatures = Float32[np.ndarray, "words D"]
ReadQuery = Callable[[MomentQuery], QueryFeatures]


@dataclasses.dataclass(frozen=True)
class HashedWords:
    """A vector of +-1 for each word, from a hash of it: the same on any machine, and nothing to download.

    Vectors of different words are nearly orthogonal; what words mean is left to training, so that words of a new query
    should occur in the training queries. Numbers and letters in any script are words.
    """

    width: int

    def __call__(self, query: MomentQuery) -> QueryFeatures:
        """The words of a query in order; one vector of zeros for a query without any."""
        words = re.findall(r"\w+", query.query.lower()) or [""]
        return np.stack([self._vector(word) for word in words])

    def _vector(self, word: str) -> Float32[np.ndarray, " D"]:
        if not word:
            return np.zeros(self.width, np.float32)
        digest = hashlib.shake_128(word.encode()).digest(-(-self.width // 8))
        bits = np.unpackbits(np.frombuffer(digest, np.uint8))[: self.width]
        return bits.astype(np.float32) * np.float32(2.0) - np.float32(1.0)


@dataclasses.dataclass(frozen=True)
class QueryFolder:
    """Files `<qid>.npz`, or `qid<qid>.npz` as of Moment-DETR, with `features` [words, D] or `last_hidden_state`."""

    folder: str
    width: int

    def __call__(self, query: MomentQuery) -> QueryFeatures:
        """The features of a query.

        Raises:
          UserError: there is no file, or it does not fit.
        """
        names = f"{query.qid}.npz", f"qid{query.qid}.npz"
        paths = [path for name in names if (path := to_path(self.folder) / name).is_file()]
        if not paths:
            raise UserError(f"{self.folder} has neither {names[0]} nor {names[1]}; add the features of the query")
        arrays = read_arrays(local_copy(paths[0]), "write the features of the query again")
        found = next((arrays[name] for name in _ARRAYS if name in arrays), None)
        if found is None:
            raise UserError(f"{paths[0]} has no array {' or '.join(_ARRAYS)}; write one of shape [words, D]")
        features = np.atleast_2d(np.asarray(found, np.float32))
        if features.ndim != 2 or not len(features) or features.shape[1] != self.width:
            raise UserError(
                f"{paths[0]} has features of shape {features.shape}, the config has model.query_width={self.width}; "
                "change it, or give other features"
            )
        return features


@dataclasses.dataclass(frozen=True)
class Sentences:
    """One vector for each query, computed at once."""

    vectors: Mapping[str, QueryFeatures]

    def __call__(self, query: MomentQuery) -> QueryFeatures:
        """The vector of a query's text."""
        return self.vectors[query.query]


def query_features(kind: str, width: int, queries: Sequence[MomentQuery]) -> ReadQuery:
    """What gives the features of these queries.

    Args:
      kind: "hashed", "minilm", or a folder of files.
      width: of the features.
      queries: all that there are.

    Raises:
      UserError: the sentence encoder is not installed, or its width is another one.
    """
    if kind == HASHED:
        return HashedWords(width)
    if kind != MINILM:
        return QueryFolder(kind, width)
    from timesuite_jax.embeddings import packaged_encoder  # needs a package that is an extra

    texts = sorted({query.query for query in queries})
    vectors = packaged_encoder()(texts)
    if vectors.shape[1] != width:
        raise UserError(
            f"the sentence encoder has vectors of width {vectors.shape[1]}, the config has model.query_width={width}; "
            "change it"
        )
    return Sentences({text: vector[None] for text, vector in zip(texts, vectors, strict=True)})
