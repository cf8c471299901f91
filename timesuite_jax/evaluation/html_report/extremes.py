"""Which examples a report shows."""

from collections import Counter

import numpy as np

from timesuite_jax.evaluation.main_metric import main_metric
from timesuite_jax.evaluation.result import Result

_SHOWN = 6  # of the best, and of the worst


def extreme_examples(result: Result) -> tuple[list[str], list[str]]:
    """Returns ids of the examples with the lowest and with the highest values of the main metric.

    Of equal values those of different videos come first. No example is in both lists.
    """
    values = result.scores.per_example.get(main_metric(result.scores.metrics()))
    if values is None or len(values) != len(result.predictions):
        return [], []
    ids, groups = list(result.predictions), result.scores.groups
    seen: Counter[str] = Counter()
    number_in_video = []
    for group in groups:
        number_in_video.append(seen[group])
        seen[group] += 1
    known = [place for place in range(len(ids)) if not np.isnan(values[place])]
    count = min(_SHOWN, -(-len(known) // 2))
    worst = sorted(known, key=lambda place: (values[place], number_in_video[place]))[:count]
    best = sorted(known, key=lambda place: (-values[place], number_in_video[place]))
    best = [place for place in best if place not in worst][:count]
    return [ids[place] for place in worst], [ids[place] for place in best]
