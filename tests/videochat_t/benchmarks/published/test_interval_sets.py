"""Scores of sets of spans, against what VUE-TR's evaluation gives."""

import numpy as np
import pytest

from timesuite_jax.videochat_t.benchmarks.published.grounding.interval_sets import interval_iou, interval_table


@pytest.mark.parametrize(
    ("predicted", "truth", "iou"),
    [
        ([(0, 4), (2, 6)], [(0, 6)], 1.0),  # predicted spans are merged
        ([(0, 6)], [(0, 4), (2, 6)], 1.0),  # true ones are not: 8 of 6 seconds overlap, limited to 1
        ([(0, 2), (8, 10)], [(0, 4)], 1 / 3),
        ([(5, 3)], [(3, 5)], 0.0),
        ([], [(0, 4)], 0.0),
        ([(0, 4)], [], 0.0),
        ([], [], 1.0),
    ],
)
def test_iou_of_sets(predicted, truth, iou):
    assert interval_iou(predicted, truth) == pytest.approx(iou)


def test_areas_are_those_of_the_mean_curves():
    """A curve counts the questions above each threshold; the areas are numbers of the trapezoidal rule."""
    predicted, truth = [[(0, 2), (8, 10)], [(0, 5)], []], [[(0, 4)], [(0, 5)], [(1, 2)]]
    table = interval_table(predicted, truth, (0.3, 0.5))
    grid = np.linspace(0, 1, 101)
    iou, precision, recall = np.array([1 / 3, 1, 0]), np.array([0.5, 1]), np.array([0.5, 1, 0])
    assert table["interval_iou"] == pytest.approx(iou)
    assert table["interval_r1_iou_0.3"].tolist() == [1, 1, 0] and table["interval_r1_iou_0.5"].tolist() == [0, 1, 0]
    curves = {"iou": iou[:, None] > grid, "precision": precision[:, None] >= grid, "recall": recall[:, None] >= grid}
    for name, reached in curves.items():
        curve = reached.mean(axis=0)
        area = float(((curve[1:] + curve[:-1]) / 2 * np.diff(grid)).sum())
        assert np.nanmean(table[f"interval_{name}_auc"]) == pytest.approx(area)
    assert np.isnan(table["interval_precision_auc"][2])
