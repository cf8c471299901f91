"""The metric by which a benchmark is known, where it has several."""

from collections.abc import Iterable

_MAIN = (
    *("MR-full-mAP", "HL-min-VeryGood-mAP", "miou", "accuracy", "exact_match", "presence_accuracy", "soda_c"),
    "soda_c_meteor_exact_stem",
)


def main_metric(names: Iterable[str]) -> str:
    """Returns the main one of some metrics, or the first."""
    found = list(names)
    return next((main for main in _MAIN if main in found), found[0])
