"""Records as prompts: the first question of each, without its answer, in batches of one shape.

Two controls change what the model is shown and leave the question alone. They tell grounding from guessing: with the
frames of another video a model that looks must fall to chance, and with rescaled time stamps its answers must follow
the new seconds.
"""

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from timesuite_jax.data.corpora import CorpusShare, Mixture
from timesuite_jax.data.corpora.record import Record
from timesuite_jax.errors import UserError
from timesuite_jax.parallel import UNSHARDED, ProcessShard
from timesuite_jax.text import as_prompt
from timesuite_jax.videochat_t.data.batch import Batch, Sample, collate
from timesuite_jax.videochat_t.data.budget import DoesNotFit
from timesuite_jax.videochat_t.data.processor import Processor

Control = Literal["none", "foreign_frames", "rescaled_stamps"]
Span = tuple[float, float]  # start and end in seconds


@dataclasses.dataclass(frozen=True)
class Prompt:
    """What is asked and what is known of the answer; times are those that the model is told."""

    place: int  # of its record among all records of the corpora, in order
    id: str
    source: str  # name of the video, or of the record where that is not known
    question: str
    answer: str
    spans: tuple[Span, ...]
    duration: float


@dataclasses.dataclass(frozen=True)
class PromptBatch:
    """Arrays of the batch contract; its first rows are the prompts', the others fill it up."""

    arrays: Batch
    prompts: Sequence[Prompt]


@dataclasses.dataclass(frozen=True)
class Dropped:
    """A record that could not be asked about, and why."""

    place: int  # as of a prompt
    id: str
    reason: str


_Row = tuple[Prompt, Sample]


class PromptReader:
    """Batches of prompts from corpora, each read once, in order.

    Args:
      preparer: makes what the model sees.
      folders: corpora.
      batch_size: rows of each batch.
      limit: records of each corpus, from its beginning; None for all.
      control: what is changed.
      share: the part of the records that is read. Of several, all have the same number of batches, dropped records or
        not: processes must go through them together.

    Raises:
      UserError: on "foreign_frames" and a part.

    Attributes:
      dropped: what could not be asked so far; filled while reading.
    """

    def __init__(
        self,
        preparer: Processor,
        folders: Sequence[str],
        *,
        batch_size: int,
        limit: int | None = None,
        control: Control = "none",
        share: ProcessShard = UNSHARDED,
    ) -> None:
        if control == "foreign_frames" and share.count > 1:
            raise UserError("foreign_frames needs the films one after another; evaluate with it in one process")
        self._share = share
        self._preparer, self._batch_size, self._control = preparer, batch_size, control
        self._mixtures = [Mixture([CorpusShare(folder)]) for folder in folders]
        self._limit = limit
        self.dropped: list[Dropped] = []

    def __len__(self) -> int:
        """Number of records, those that will be dropped included."""
        return sum(self._count(mixture) for mixture in self._mixtures)

    def __iter__(self) -> Iterator[PromptBatch]:
        rows: list[_Row] = []
        made = 0
        for row in _foreign(self._rows()) if self._control == "foreign_frames" else self._rows():
            rows.append(row)
            if len(rows) == self._batch_size:
                yield self._batch(rows)
                rows, made = [], made + 1
        if rows:
            yield self._batch(rows)
            made += 1
        largest_share = -(-len(self) // self._share.count)
        for _ in range(made, -(-largest_share // self._batch_size) if self._share.count > 1 else made):
            yield self._batch([])

    def _count(self, mixture: Mixture) -> int:
        return mixture.visits if self._limit is None else min(self._limit, mixture.visits)

    def _rows(self) -> Iterable[_Row]:
        records = ((mixture, number) for mixture in self._mixtures for number in range(self._count(mixture)))
        mine = itertools.islice(enumerate(records), self._share.index, None, self._share.count)
        for place, (mixture, number) in mine:
            record = None
            try:
                record = mixture.read(number)
                yield self._row(place, record)
            except UserError as error:
                self.dropped.append(Dropped(place, record.id if record else f"record {number}", str(error)))

    def _row(self, place: int, record: Record) -> _Row:
        if not (record.turns and record.turns[0].question and record.spans):
            raise UserError(f"record {record.id} has no question with a true span; evaluate a corpus that has")
        turn = record.turns[0]
        visual = self._preparer.visual(record)
        factor = 1.0
        if self._control == "rescaled_stamps":
            factor = _other_scale(visual.duration)
            seconds = visual.seconds * factor
            ids, mask, cut = self._preparer.clip_texts(seconds)
            visual = dataclasses.replace(visual, seconds=seconds, clip_text=ids, clip_text_mask=mask, clip_text_cut=cut)
        words = self._preparer.words(as_prompt([turn]), visual.seconds)
        if isinstance(words, DoesNotFit):
            raise UserError(words.reason)
        spans = tuple((start * factor, end * factor) for start, end in record.spans)
        source = record.source or record.id
        prompt = Prompt(place, record.id, source, turn.question, turn.answer or "", spans, visual.duration * factor)
        return prompt, Sample(place, record.id, visual, words)

    def _batch(self, rows: Sequence[_Row]) -> PromptBatch:
        prompts, samples = [row[0] for row in rows], [row[1] for row in rows]
        last = samples[-1] if samples else Sample(0, "", None, None)
        filled = [*samples, *[last] * (self._batch_size - len(samples))]
        # One length for all batches: one compiled program, and a row's answer cannot depend on its neighbours.
        arrays = collate(filled, self._preparer.spec, self._preparer.special, fixed_length=True)
        return PromptBatch(arrays, prompts)


def _foreign(rows: Iterable[_Row]) -> Iterator[_Row]:
    """The same prompts, each film's with the frames of the film after it, the last one's with those of the first.

    Raises:
      UserError: if all are of one film.
    """
    films = (list(film) for _, film in itertools.groupby(rows, key=lambda row: row[0].source))
    donors: list[_Row] = []  # the first two films: one of them is not the last
    film = next(films, [])
    for following in films:
        donors = donors or [film[0], following[0]]
        yield from _with_frames_of(following[0], film)
        film = following
    if film:
        others = [donor for donor in donors if donor[0].source != film[0][0].source]
        if not others:
            raise UserError("foreign_frames shows frames of another video; evaluate records of at least two videos")
        yield from _with_frames_of(others[0], film)


def _with_frames_of(donor: _Row, film: Sequence[_Row]) -> Iterator[_Row]:
    visual = donor[1].visual
    assert visual is not None  # rows are what could be asked
    for prompt, sample in film:
        assert sample.visual is not None
        yield prompt, dataclasses.replace(sample, visual=dataclasses.replace(sample.visual, frames=visual.frames))


def _other_scale(duration: float) -> float:
    """A factor that changes a video's length clearly and keeps it among lengths that occur.

    Longer by two fifths, or where that would add a digit to the seconds, shorter by a third: a model that has seen only
    videos of under ten seconds has no word for eleven.
    """
    longer = 1.4
    return longer if len(str(int(duration * longer))) == len(str(int(duration))) else 1 / 1.5
