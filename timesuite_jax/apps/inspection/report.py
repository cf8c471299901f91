"""Reads corpora and gathers what describes them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from etils import epath

from timesuite_jax.data.corpora import (
    CorpusInfo,
    CorpusStats,
    Record,
    TokenUse,
    open_corpus,
    read_record,
    read_without_media,
)
from timesuite_jax.data.corpora.token_use import summarize
from timesuite_jax.progress import track
from timesuite_jax.text import denies_event

PERCENTILE_NAMES = ("least", "5 %", "25 %", "median", "75 %", "95 %", "greatest")  # of `distributions.PERCENTILES`

Meter = Callable[[Record], TokenUse]


@dataclass(frozen=True)
class CorpusReport:
    """What describes a corpus.

    Attributes:
      folder: of the corpus.
      info: its info file.
      statistics: see `CorpusStats.as_json`.
      tokens: see `token_use.summarize`; None if no model was given.
      samples: records of each task, with their media.
    """

    folder: str
    info: CorpusInfo
    statistics: dict[str, Any]
    tokens: dict[str, Any] | None
    samples: Sequence[Record] = field(repr=False)

    def distributions(self) -> dict[str, dict[str, float]]:
        """Percentiles by what they describe, in words; without those of which there is no value."""
        facts, tokens = self.statistics, self.tokens or {}
        named = {
            "length, s": facts["length_s"],
            "questions of a record": facts["questions_per_record"],
            "characters of an answer": facts["answer_characters"],
            "length of a true span, s": facts["spans"]["length_s"],
            "tokens needed": tokens.get("needed", {}),
            "tokens of the answers": tokens.get("answer", {}),
        }
        return {name: values for name, values in named.items() if values}

    def as_json(self) -> dict[str, Any]:
        """The report as JSON."""
        tokens = {} if self.tokens is None else {"tokens": self.tokens}
        stored = {
            "folder": self.folder,
            "corpus": self.info.name,
            "shards": len(self.info.shards),
            "bytes": sum(self.info.bytes),
            "rejected": len(self.info.quarantine),
            "bad_spans": len(self.info.bad_spans),
        }
        return {**stored, **self.statistics, **tokens, "samples": [describe(record) for record in self.samples]}


def inspect_corpus(folder: epath.PathLike, meter: Meter | None, samples: int, *, quiet: bool) -> CorpusReport:
    """Reads all records of a corpus without their media, and a few of each task with them.

    Args:
      folder: of the corpus.
      meter: measures the tokens of a record; None: tokens are not measured.
      samples: records of each task that are read whole, evenly spaced over the corpus.
      quiet: show no progress bar.

    Raises:
      UserError: the corpus is missing or damaged.
    """
    info, source = open_corpus(folder)
    statistics, uses, by_task = CorpusStats(), [], dict[str, list[int]]()
    for number in track(range(len(source)), f"reading {info.name}", quiet=quiet):
        record = read_without_media(source, number)
        statistics.add(record)
        by_task.setdefault(record.task, []).append(number)
        if meter is not None:
            uses.append(meter(record))
    shown = [number for task in sorted(by_task) for number in _evenly(by_task[task], samples)]
    return CorpusReport(
        str(folder),
        info,
        statistics.as_json(),
        None if meter is None else summarize(uses),
        [read_record(source, number) for number in shown],
    )


def describe(record: Record) -> dict[str, Any]:
    """A record as JSON, its media by their sizes."""
    return {
        "id": record.id,
        "task": record.task,
        "source": record.source,
        "seconds": record.duration,
        "stored": f"{len(record.frames)} frames" if record.frames else f"video of {len(record.video or b'')} bytes",
        "clip": record.clip,
        "spans": record.spans,
        "turns": [
            {"q": turn.question, "a": turn.answer, "spans": record.spans_of(number)}
            for number, turn in enumerate(record.turns)
        ],
    }


def is_about_time(answer: str | None, spans: Sequence[tuple[float, float]]) -> bool:
    """Whether a question has true spans, or has none because its answer denies the event."""
    return bool(spans) or denies_event(answer or "")


def _evenly(numbers: Sequence[int], count: int) -> list[int]:
    if count >= len(numbers):
        return list(numbers)
    return [numbers[int(at)] for at in np.linspace(0, len(numbers) - 1, count)]
