"""Intersection over union of time spans and of sets of spans."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float


def hull_iou(a: Float[np.ndarray, "examples 2"], b: Float[np.ndarray, "examples 2"]) -> Float[np.ndarray, " examples"]:
    """Computes intersection over hull of paired spans (start, end) in seconds, the IoU of single spans.

    Upstream divides by the hull of both spans instead of their union. The two are equal for overlapping spans, and for
    disjoint spans the intersection is zero, so this is the IoU. As upstream, spans that end before they start are not
    corrected. If the hull has zero length (two equal points, for which upstream divides by zero), the result is 1.
    """
    overlap = np.minimum(a[:, 1], b[:, 1]) - np.maximum(a[:, 0], b[:, 0])
    hull = np.maximum(a[:, 1], b[:, 1]) - np.minimum(a[:, 0], b[:, 0])
    return np.divide(np.maximum(overlap, 0.0), hull, out=np.ones_like(hull), where=hull != 0)


def set_iou(a: Sequence[Sequence[float]], b: Sequence[Sequence[float]]) -> float:
    """Computes the IoU of two sets of spans, for answers with several spans.

    If the union has zero length, its spans are points, and the result is the number of points in both sets by that in
    either: 1 if they are equal, as `hull_iou` has it. It is 0 if both sets are empty. A span that ends before it starts
    covers nothing, as in `hull_iou`.
    """
    edges = np.unique([edge for span in (*a, *b) for edge in span])
    middles, lengths = (edges[:-1] + edges[1:]) / 2, np.diff(edges)

    def covered(spans: Sequence[Sequence[float]]) -> Bool[np.ndarray, " edges"]:
        inside = [(middles > span[0]) & (middles < span[1]) for span in spans]
        return np.any(inside, axis=0) if inside else np.zeros(len(middles), bool)

    in_a, in_b = covered(a), covered(b)
    union = lengths[in_a | in_b].sum()
    if union:
        return float(lengths[in_a & in_b].sum() / union)
    points_a, points_b = ({span[0] for span in spans if span[0] == span[1]} for spans in (a, b))
    return len(points_a & points_b) / max(1, len(points_a | points_b))
