"""What several processes found out, brought together."""

import dataclasses
import json
from collections.abc import Sequence

from timesuite_jax import parallel
from timesuite_jax.videochat_t.answering.prediction import Prediction
from timesuite_jax.videochat_t.answering.prompts import Dropped, Prompt


def gather(
    share: parallel.ProcessShard, predictions: Sequence[Prediction], dropped: Sequence[Dropped]
) -> tuple[list[Prediction], list[Dropped]]:
    """What all processes found out, in the order of the records; the same in all of them, so it is a barrier, too."""
    if share.count == 1:
        return list(predictions), list(dropped)
    mine = {"answered": list(map(dataclasses.asdict, predictions)), "dropped": list(map(dataclasses.asdict, dropped))}
    lines = parallel.allgather_strings([json.dumps([share.index, mine])])
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
