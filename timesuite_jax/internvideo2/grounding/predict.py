"""Predictions of a trained head for any number of queries."""

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any, cast

import jax
import numpy as np
from jaxtyping import Array, Float, Float32, Shaped

from timesuite_jax.internvideo2.grounding.batch import Collate
from timesuite_jax.internvideo2.grounding.moment_query import MomentQuery
from timesuite_jax.internvideo2.grounding.objective import INPUTS
from timesuite_jax.internvideo2.grounding.sample import GroundingSample, SampleMaker
from timesuite_jax.internvideo2.grounding.span_overlap import edges
from timesuite_jax.layers import constrain_sharding, num_shards
from timesuite_jax.metrics.highlights import CLIP_SECONDS
from timesuite_jax.models.grounding import MomentHead
from timesuite_jax.param_tree import Params

_DIGITS = 4  # of the numbers in a submission


@dataclasses.dataclass(frozen=True)
class MomentPrediction:
    """Prediction for a query.

    Attributes:
      query: what was predicted for.
      windows: (start, end, score) in seconds, the most likely first; the score is the probability of being a moment.
      saliency: of each clip of 2 seconds.
      cuts: what of the query was left out: "words".
    """

    query: MomentQuery
    windows: Sequence[tuple[float, float, float]]
    saliency: Sequence[float]
    cuts: Sequence[str] = ()

    def submission(self) -> dict[str, Any]:
        """A line of a QVHighlights submission."""
        query = self.query
        return {
            "qid": query.qid,
            "query": query.query,
            "vid": query.vid,
            "pred_relevant_windows": [[round(value, _DIGITS) for value in window] for window in self.windows],
            "pred_saliency_scores": [round(value, _DIGITS) for value in self.saliency],
        }


@functools.partial(jax.jit, static_argnums=0)
def _forward(
    model: MomentHead, params: Params, inputs: tuple[Shaped[Array, "B ..."], ...]
) -> tuple[Float[Array, "B spans 2"], Float[Array, "B spans"], Float[Array, "B rows"]]:
    sharded = (constrain_sharding(leaf, ("batch", *(None,) * (leaf.ndim - 1))) for leaf in inputs)
    spans, foreground, saliency = cast(Any, model.apply({"params": params}, *sharded))
    found = edges(spans[-1]), jax.nn.sigmoid(foreground[-1]), saliency
    # Replicated, so that each process can read them.
    return jax.tree.map(lambda leaf: constrain_sharding(leaf, (None,) * leaf.ndim), found)


def predict_moments(
    model: MomentHead,
    params: Params,
    queries: Sequence[MomentQuery],
    make_sample: SampleMaker,
    collate: Collate,
    *,
    batch_size: int,
    on_progress: Callable[[int], None] = lambda queries: None,
) -> list[MomentPrediction]:
    """Predicts the moments of queries, in their order; all processes of a run get all predictions.

    Args:
      model: the head.
      params: of the head.
      queries: with or without annotation.
      make_sample: reads their features.
      collate: makes batches.
      batch_size: rounded up to a multiple of the mesh's devices; does not change the predictions.
      on_progress: called with the number of queries that are finished since the last call.

    Raises:
      UserError: features are missing or do not fit.
    """
    devices = num_shards("batch")
    batch_size = -(-batch_size // devices) * devices
    found: list[MomentPrediction] = []
    for first in range(0, len(queries), batch_size):
        part = queries[first : first + batch_size]
        samples = [make_sample.prepare(_unannotated(query)) for query in part]
        blank = [samples[0]] * (batch_size - len(part))
        batch = collate([*samples, *blank])
        results = jax.device_get(_forward(model, params, tuple(batch[name] for name in INPUTS)))
        found += [_prediction(*row) for row in zip(part, samples, *results, strict=False)]
        on_progress(len(part))
    return found


def _unannotated(query: MomentQuery) -> MomentQuery:
    """The query alone: a prediction does not depend on the truth."""
    return dataclasses.replace(query, windows=None, saliency=None)


def _prediction(
    query: MomentQuery,
    sample: GroundingSample,
    spans: Float32[np.ndarray, "spans 2"],
    scores: Float32[np.ndarray, " spans"],
    saliency: Float32[np.ndarray, " rows"],
) -> MomentPrediction:
    order = np.argsort(-scores, kind="stable")
    seconds = np.clip(spans.astype(np.float64), 0.0, 1.0)[order] * query.duration
    windows = [
        (start, end, score) for (start, end), score in zip(seconds.tolist(), scores[order].tolist(), strict=True)
    ]
    # Clips of 2 seconds get the saliency of the row whose middle is nearest to theirs, whatever the stride.
    middles = (np.arange(max(1, int(query.duration / CLIP_SECONDS))) + 0.5) * CLIP_SECONDS / query.duration
    rows = np.abs(middles[:, None] - sample.times.astype(np.float64).mean(axis=1)[None]).argmin(axis=1)
    return MomentPrediction(query, windows, saliency[rows].tolist(), sample.cuts)
