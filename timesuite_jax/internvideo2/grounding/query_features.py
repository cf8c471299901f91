"""Features of queries: hashed words, a sentence encoder, or files."""

import dataclasses
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from etils import epath
from jaxtyping import Float32

from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.grounding.moment_query import MomentQuery
from timesuite_jax.storage.npz import read_arrays
from timesuite_jax.storage.remote_path import to_path
from timesuite_jax.storage.staging import local_copy

HASHED, MINILM = "hashed", "minilm"
_READERS = 8  # threads, for latency of a bucket
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

    def find(self, query: MomentQuery) -> epath.Path | None:
        """The file of a query; None if there is none."""
        paths = (to_path(self.folder) / name for name in _names(query))
        return next((path for path in paths if path.is_file()), None)

    def missing(self, queries: Sequence[MomentQuery]) -> list[str]:
        """Queries without a file, in one sentence; empty if there are none."""
        absent = [query for query in queries if self.find(query) is None]
        if not absent:
            return []
        return [
            f"features of {len(absent)} of {len(queries)} queries in data.queries={self.folder}, among them "
            f"{' or '.join(_names(absent[0]))}"
        ]

    def problems(self, queries: Sequence[MomentQuery]) -> list[str]:
        """Why files do not fit the model, a message for each; none is kept."""

        def problem(query: MomentQuery) -> str | None:
            try:
                self(query)
            except UserError as error:
                return str(error)
            return None

        with ThreadPoolExecutor(_READERS) as readers:
            return [found for found in readers.map(problem, queries) if found]

    def __call__(self, query: MomentQuery) -> QueryFeatures:
        """The features of a query.

        Raises:
          UserError: there is no file, or it does not fit.
        """
        path = self.find(query)
        if path is None:
            raise UserError(f"{self.folder} has neither {' nor '.join(_names(query))}; add the features of the query")
        arrays = read_arrays(local_copy(path), "write the features of the query again")
        found = next((arrays[name] for name in _ARRAYS if name in arrays), None)
        if found is None:
            raise UserError(f"{path} has no array {' or '.join(_ARRAYS)}; write one of shape [words, D]")
        if found.dtype.kind not in "fiu":
            raise UserError(f"{path} has features of type {found.dtype}, not numbers; write them again")
        features = np.atleast_2d(found.astype(np.float32))
        if features.ndim != 2 or not len(features) or features.shape[1] != self.width:
            raise UserError(
                f"{path} has features of shape {features.shape}, the config has model.query_width={self.width}; "
                "change it, or give other features"
            )
        if not np.isfinite(features).all():
            raise UserError(f"{path} has features that are not finite numbers; write them again")
        return features


def _names(query: MomentQuery) -> tuple[str, str]:
    return f"{query.qid}.npz", f"qid{query.qid}.npz"


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
