"""Retrieval of texts by videos and of videos by texts (`tasks/retrieval_utils.py` of InternVideo2 upstream).

By the cosine of embeddings, all with all; then, for the most similar ones of each query, by the classifier of pairs,
which sees video and text together.
"""

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Shaped

from timesuite_jax.internvideo2.stage2.model import VideoTextModel
from timesuite_jax.internvideo2.stage2.spec import VideoTextSpec
from timesuite_jax.objectives import similarities
from timesuite_jax.param_tree import Params

NOT_RANKED = -100.0  # score of pairs that are not among a query's most similar ones, as upstream


class EncodedVideos(NamedTuple):
    """Tokens of videos that texts attend to, and their embeddings, in the memory of the host."""

    memory: Shaped[np.ndarray, "videos N D_memory"]
    embedding: Float[np.ndarray, "videos D_out"]


class EncodedTexts(NamedTuple):
    """Tokens of texts after the layers that encode a text alone, their padding, and embeddings, on the host."""

    tokens: Float[np.ndarray, "texts P D"]
    mask: Bool[np.ndarray, "texts P"]
    embedding: Float[np.ndarray, "texts D_out"]


class Retriever:
    """A model of stage 2 with its parameters.

    Args:
      spec: of the model.
      params: its parameters.
      batch_size: videos, texts or pairs that are computed at a time; does not change the scores.
    """

    def __init__(self, spec: VideoTextSpec, params: Params, batch_size: int) -> None:
        self._spec, self._params, self._batch_size = spec, params, batch_size
        model = VideoTextModel(spec)

        @functools.partial(jax.jit, static_argnames="method")
        def run(params: Params, *args: Any, method: str) -> Any:
            return model.apply({"params": params}, *args, method=method)

        @jax.jit
        def match(
            params: Params,
            tokens: Float[Array, "n P D"],
            mask: Bool[Array, "n P"],
            memory: Float[Array, "n N D_memory"],
        ) -> Float[Array, " n"]:
            fused = run(params, tokens, mask, memory, method="fuse")
            return run(params, fused, method="match")[:, 1]

        self._run, self._match = run, match

    def encode_videos(self, frames: Shaped[np.ndarray, "videos F H W 3"]) -> EncodedVideos:
        """Encodes clips or images, uint8 pixels, with all their patches."""
        vision = self._spec.vision

        def encode(part: Shaped[np.ndarray, "n F H W 3"]) -> Any:
            video = self._run(self._params, vision.normalise(jnp.asarray(part)), method="encode_video")
            return video.memory, video.embedding

        return EncodedVideos(*self._batched(encode, frames))

    def encode_texts(self, text: Int[np.ndarray, "texts P"], mask: Bool[np.ndarray, "texts P"]) -> EncodedTexts:
        """Encodes texts alone."""

        def encode(text: Int[np.ndarray, "n P"], mask: Bool[np.ndarray, "n P"]) -> Any:
            return tuple(self._run(self._params, text, mask, method="encode_text"))

        tokens, embedding = self._batched(encode, text, mask)
        return EncodedTexts(tokens, mask, embedding)

    def similarity(self, videos: EncodedVideos, texts: EncodedTexts) -> Float[np.ndarray, "videos texts"]:
        """Cosines of all videos with all texts."""
        return np.asarray(similarities(jnp.asarray(videos.embedding), jnp.asarray(texts.embedding), 1.0))

    def matching(
        self, videos: EncodedVideos, texts: EncodedTexts, pairs: Int[np.ndarray, "pairs 2"]
    ) -> Float[np.ndarray, " pairs"]:
        """Scores pairs of a video and a text, given by their numbers: the logit that they belong together."""

        def score(pairs: Int[np.ndarray, "n 2"]) -> tuple[Float[Array, " n"]]:
            video, text = pairs.T
            return (self._match(self._params, texts.tokens[text], texts.mask[text], videos.memory[video]),)

        return self._batched(score, pairs)[0]

    def rerank(
        self,
        videos: EncodedVideos,
        texts: EncodedTexts,
        for_videos: Float[np.ndarray, "videos texts"],
        for_texts: Float[np.ndarray, "texts videos"],
        number: int,
    ) -> tuple[Float[np.ndarray, "videos texts"], Float[np.ndarray, "texts videos"]]:
        """Scores the `number` most similar answers of each query by matching; all others get `NOT_RANKED`.

        Args:
          videos: encoded videos.
          texts: encoded texts.
          for_videos: by which the most similar texts of each video are chosen.
          for_texts: by which the most similar videos of each text are chosen.
          number: of answers of each query; fewer where there are fewer.

        Returns:
          Scores of texts for each video, and of videos for each text.
        """
        of_videos, of_texts = _best(for_videos, number), _best(for_texts, number)
        pairs = np.concatenate([of_videos, of_texts[:, ::-1]])
        wanted, places = np.unique(pairs, axis=0, return_inverse=True)  # a pair of both directions is scored once
        scores = self.matching(videos, texts, wanted)[places.reshape(-1)]
        found = []
        for chosen, values, shape in (
            (of_videos, scores[: len(of_videos)], for_videos.shape),
            (of_texts, scores[len(of_videos) :], for_texts.shape),
        ):
            matrix = np.full(shape, NOT_RANKED, np.float32)
            matrix[tuple(chosen.T)] = values
            found.append(matrix)
        return found[0], found[1]

    def _batched(self, compute: Any, *arrays: Shaped[np.ndarray, "rows ..."]) -> list[Shaped[np.ndarray, "rows ..."]]:
        """Computes batches of one size, the last of which is filled up, and concatenates the results on the host."""
        rows, size = len(arrays[0]), self._batch_size
        parts: list[Sequence[np.ndarray]] = []
        for first in range(0, rows, size):
            numbers = np.minimum(np.arange(first, first + size), rows - 1)
            parts.append([np.asarray(part)[: rows - first] for part in compute(*(array[numbers] for array in arrays))])
        return [np.concatenate(part) for part in zip(*parts, strict=True)]


def _best(scores: Float[np.ndarray, "queries answers"], number: int) -> Int[np.ndarray, "pairs 2"]:
    """Pairs of a query and each of its best answers; of equal scores, those of lower columns."""
    best = np.argsort(-scores, axis=1, kind="stable")[:, :number]
    return np.stack([np.repeat(np.arange(len(scores)), best.shape[1]), best.reshape(-1)], axis=1)
