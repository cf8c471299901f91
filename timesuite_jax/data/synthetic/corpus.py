"""The synthetic grounding corpus: mp4 files, annotations in TimePro's format, records by the same builder.

Everything is drawn from the seed and a film's number, so a training and a held-out part differ in their seed alone.
"""

import functools
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from timesuite_jax.data.corpora.build import BuildSpec, build_corpus
from timesuite_jax.data.corpora.corpus import CorpusInfo, refuse_corpus
from timesuite_jax.data.corpora.tfrecord import cannot_write
from timesuite_jax.data.synthetic import texts as text
from timesuite_jax.data.synthetic.moving_shapes import Event, MovingShapesSpec, SyntheticVideo, make_video
from timesuite_jax.media import write_mp4
from timesuite_jax.progress import track
from timesuite_jax.text import build_word_tokenizer, clip_time_texts, video_time_text

Question = Literal["grounding", "order"]
_TIMEPRO_TASK = {"grounding": "temporal_video_grounding", "order": "question_answering"}


@dataclass(frozen=True)
class SyntheticCorpusSpec:
    """A corpus of synthetic films.

    Attributes:
      name: of the corpus.
      videos: how many films.
      film: what they look like.
      conversations: the records of a film, each the questions that it asks, in this order. `grounding` asks when an
        object is visible, each object at most once, and when there are none left, for one that never appears; `order`
        asks for the colours in order of appearance, which is how a model that starts from nothing learns their names.
      each_object: instead, one record with one grounding question for each object of a film (records of one film share
        their `source`), for scoring.
      moments: annotate as somebody does who looks through so many evenly spread stills: an event lasts from the first
        that shows it to the first that does not any more; exactly if fewer than two show it. None annotates exactly.
      shards: number of TFRecord files.
    """

    name: str
    videos: int
    film: MovingShapesSpec = field(default_factory=MovingShapesSpec)
    conversations: tuple[tuple[Question, ...], ...] = (("grounding",),)
    each_object: bool = False
    moments: int | None = None
    shards: int = 4


def make_corpus(
    folder: str | Path, spec: SyntheticCorpusSpec, *, seed: int, threads: int = 2, quiet: bool = False
) -> CorpusInfo:
    """Makes `folder/videos/*.mp4`, `folder/annotations.json` and the corpus itself in `folder`.

    Raises:
      UserError: the folder cannot be written or holds a corpus already.
    """
    folder = Path(folder)
    refuse_corpus(folder)  # now, not after all films are made
    videos = folder / "videos"
    try:
        videos.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(threads) as pool:
            make = functools.partial(_make_one, videos, spec, seed)
            entries = [
                entry
                for film in track(
                    pool.map(make, range(spec.videos)), f"making videos of {spec.name}", spec.videos, quiet=quiet
                )
                for entry in film
            ]
        annotations = folder / "annotations.json"
        annotations.write_text(json.dumps(entries, indent=1), encoding="utf-8")
    except OSError as error:
        raise cannot_write(Path(folder), error) from error
    build = BuildSpec(spec.name, shards=spec.shards, threads=threads)
    return build_corpus(annotations, videos, folder, build, quiet=quiet)


def all_texts(film: MovingShapesSpec) -> list[str]:
    """Texts that hold every word a corpus of such films can ask or answer: what a tokenizer is built from."""
    templates = (*text.GROUNDING_QUESTIONS, text.GROUNDING_ANSWER, *text.ORDER_QUESTIONS, text.ORDER_ANSWER)
    slots = {"what": "", "start": "0.0", "end": "0.0", "list": text.ORDER_JOIN}
    filled = (template.format(**slots) for template in templates)
    return [*filled, text.ABSENT_ANSWER, *film.colours, *film.shapes]


def make_tokenizer(folder: str | Path, film: MovingShapesSpec) -> Path:
    """Writes `folder/tokenizer.json`: the words of such films and of time stamps, for language model and Q-Former.

    Raises:
      UserError: the folder cannot be written.
    """
    moments = [0.0, 1.0, 2.0, 3.0]  # digits are tokens of their own, so any frames bring all the words
    times = [video_time_text(moments), *clip_time_texts(moments, clips=2, clip_frames=2)]
    try:
        return build_word_tokenizer([*all_texts(film), *times], folder)
    except OSError as error:
        raise cannot_write(Path(folder), error) from error


def questions_of(video: SyntheticVideo, spec: SyntheticCorpusSpec, rng: np.random.Generator) -> list[dict[str, Any]]:
    """TimePro entries (without `video`) about a film."""
    events = [_as_annotated(event, video, spec.moments) for event in video.events]
    if spec.each_object:
        return [_entry([_grounding(event, rng)], "grounding", [event]) for event in events]
    unasked = [events[number] for number in rng.permutation(len(events))]
    entries = []
    for questions in spec.conversations:
        turns, asked = [], []
        for kind in questions:
            if kind == "order":
                turns.append(_order(video, rng))
            elif unasked:
                asked.append(unasked.pop())
                turns.append(_grounding(asked[-1], rng))
            else:
                turns.append(_absent(video, spec.film, rng))
        entries.append(_entry(turns, questions[0], asked))
    return entries


def _as_annotated(event: Event, video: SyntheticVideo, moments: int | None) -> Event:
    if moments is None:
        return event
    numbers = ((np.arange(moments) + 0.5) / moments * len(video.frames)).astype(int)
    times = numbers / video.rate
    shown, later = times[(times >= event.start) & (times < event.end)], times[times >= event.end]
    if len(shown) < 2:
        return event  # too short to be seen on stills
    end = later[0] if len(later) else shown[-1]
    return replace(event, start=round(float(shown[0]), 1), end=round(float(end), 1))


def _make_one(videos: Path, spec: SyntheticCorpusSpec, seed: int, number: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng((seed, number))
    video = make_video(spec.film, rng)
    name = f"{number:06d}.mp4"
    write_mp4(videos / name, video.frames, rate=video.rate)
    return [{"video": name, **entry} for entry in questions_of(video, spec, rng)]


def _entry(turns: list[tuple[str, str]], kind: Question, events: list[Event]) -> dict[str, Any]:
    return {
        "QA": [{"q": question, "a": answer} for question, answer in turns],
        "task": _TIMEPRO_TASK[kind],
        "spans": [[event.start, event.end] for event in events],
    }


def _grounding(event: Event, rng: np.random.Generator) -> tuple[str, str]:
    answer = text.GROUNDING_ANSWER.format(start=event.start, end=event.end)
    return _pick(text.GROUNDING_QUESTIONS, rng).format(what=event.what), answer


def _absent(video: SyntheticVideo, film: MovingShapesSpec, rng: np.random.Generator) -> tuple[str, str]:
    shown = {event.colour for event in video.events}
    colour = _pick(tuple(colour for colour in film.colours if colour not in shown), rng)
    what = f"{colour} {_pick(film.shapes, rng)}"
    return _pick(text.GROUNDING_QUESTIONS, rng).format(what=what), text.ABSENT_ANSWER


def _order(video: SyntheticVideo, rng: np.random.Generator) -> tuple[str, str]:
    colours = text.ORDER_JOIN.join(event.colour for event in video.events)
    return _pick(text.ORDER_QUESTIONS, rng), text.ORDER_ANSWER.format(list=colours)


def _pick(options: tuple[str, ...], rng: np.random.Generator) -> str:
    return options[int(rng.integers(len(options)))]
