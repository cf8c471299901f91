"""Evaluation by several processes: each asks about its share of the records, and in the end all know all answers.

A pod's processes go through the same programs with the same number of batches, whatever each of them could not read.
"""

import dataclasses
import json
from collections.abc import Sequence

from timesuite_jax import parallel
from timesuite_jax.evaluation.prediction import Prediction
from timesuite_jax.evaluation.prompts import Dropped, Prompt
from timesuite_jax.layers import lying, shards


def share_batches(batch_size: int) -> tuple[parallel.Share, int]:
    """Which part of the records this process asks about, and how many at a time.

    Args:
      batch_size: prompts of all processes at a time; several processes round it up to what their devices divide.
    """
    rows = lying("batch")
    share = parallel.WHOLE if rows is None else parallel.batch_share(rows)
    if share.count == 1:
        return share, batch_size
    return share, (batch_size + -batch_size % shards("batch")) // share.count


def gather(
    share: parallel.Share, predictions: Sequence[Prediction], dropped: Sequence[Dropped]
) -> tuple[list[Prediction], list[Dropped]]:
    """What all processes found out, in the order of the records; the same in all of them, so it is a barrier, too."""
    if share.count == 1:
        return list(predictions), list(dropped)
    mine = {"answered": list(map(dataclasses.asdict, predictions)), "dropped": list(map(dataclasses.asdict, dropped))}
    lines = parallel.gather_lines([json.dumps([share.index, mine])])
    # Processes along `tensor` have the same share and the same answers.
    told = dict(map(json.loads, lines)).values()
    answered = [_prediction(one) for share in told for one in share["answered"]]
    missing = [Dropped(**one) for share in told for one in share["dropped"]]
    return sorted(answered, key=lambda one: one.prompt.place), sorted(missing, key=lambda one: one.place)


def _prediction(told: dict) -> Prediction:
    prompt = told["prompt"] | {"spans": _spans(told["prompt"]["spans"])}
    return Prediction(Prompt(**prompt), told["text"], _spans(told["spans"]))


def _spans(lists: Sequence[Sequence[float]]) -> tuple[tuple[float, float], ...]:
    return tuple((start, end) for start, end in lists)
