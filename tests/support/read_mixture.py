"""Reads a mixture of corpora in one process of several, from positions that other processes saved.

By hand: `python -m tests.support.read_mixture JOBS OUT`, where JOBS is a JSON list of [entries, weights, state, steps];
OUT gets, for each, the ids of the records of each step, and the position before each step and after the last.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np

from timesuite_jax import parallel
from timesuite_jax.data.corpora import Mixture, Record, RecordStream, StreamSpec, corpus_shares

BATCH = 8


@dataclass(frozen=True)
class Id:
    id: str
    cuts: tuple[str, ...] = ()


def make_id(record: Record, rng: np.random.Generator) -> Id:
    return Id(record.id)


def collate(samples: Sequence[Any]) -> dict[str, np.ndarray]:
    return {"ids": np.asarray([sample.id for sample in samples])}


def read(entries: Sequence[str], weights: Sequence[float], state: dict[str, Any] | None, steps: int) -> dict[str, Any]:
    where = {"process_index": jax.process_index(), "process_count": jax.process_count()}
    mixture = Mixture(corpus_shares(entries, weights))
    stream = RecordStream(mixture, make_id, collate, StreamSpec(batch_size=BATCH, threads=2), seed=5, **where)
    if state is not None:
        stream.set_state(state)
    ids, states = [], [stream.get_state()]
    for _ in range(steps):
        ids.append(next(stream)["ids"].tolist())
        states.append(stream.get_state())
    stream.close()
    return {"ids": ids, "states": states}


if __name__ == "__main__":
    parallel.join_processes(timeout=120)
    Path(sys.argv[2]).write_text(json.dumps([read(*job) for job in json.loads(Path(sys.argv[1]).read_text())]))
