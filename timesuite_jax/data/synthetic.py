"""The synthetic grounding corpus: mp4 files, annotations in TimePro's format, records by the same builder.

Everything is drawn from the seed and a film's number, so a training and a held-out part differ in their seed alone.
"""

import functools
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from rich.console import Console
from rich.progress import track

from timesuite_jax.data import synthetic_text as text
from timesuite_jax.data.build import BuildSpec, build_corpus
from timesuite_jax.data.corpus import CorpusInfo
from timesuite_jax.data.synthetic_video import Event, SyntheticSpec, SyntheticVideo, make_video
from timesuite_jax.data.tfrecord import cannot_write
from timesuite_jax.media import write_mp4

Task = Literal["grounding", "absent", "naming", "listing", "dense", "order"]
_TIMEPRO_TASK = {
    "grounding": "temporal_video_grounding",
    "absent": "question_answering",
    "naming": "question_answering",
    "listing": "question_answering",
    "dense": "dense_video_captioning",
    "order": "question_answering",
}


@dataclass(frozen=True)
class SyntheticCorpusSpec:
    """A corpus of synthetic films.

    Attributes:
      name: of the corpus.
      videos: how many films.
      film: what they look like.
      questions: `mixed`: one record a film, with `turns` questions drawn by `tasks`; `each_object`: one grounding
        record for each object of a film (records of one film share their `source`), for scoring.
      turns: questions of a record; an object is asked for at most once, so a film with few objects may get fewer.
      tasks: weights of the kinds of question; `absent` asks when a colour that is not there appears.
      shards: number of TFRecord files.
    """

    name: str
    videos: int
    film: SyntheticSpec = field(default_factory=SyntheticSpec)
    questions: Literal["mixed", "each_object"] = "mixed"
    turns: int = 1
    tasks: tuple[tuple[Task, float], ...] = (("grounding", 0.7), ("naming", 0.2), ("dense", 0.05), ("order", 0.05))
    shards: int = 4


def make_corpus(
    folder: str | Path, spec: SyntheticCorpusSpec, *, seed: int, threads: int = 2, quiet: bool = False
) -> CorpusInfo:
    """Makes `folder/videos/*.mp4`, `folder/annotations.json` and the corpus itself in `folder`.

    Raises:
      UserError: the folder cannot be written or holds a corpus already.
    """
    folder = Path(folder)
    videos = folder / "videos"
    try:
        videos.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(threads) as pool:
            make = functools.partial(_make_one, videos, spec, seed)
            entries = [
                entry
                for film in track(
                    pool.map(make, range(spec.videos)),
                    description=f"making videos of {spec.name}",
                    total=spec.videos,
                    console=Console(stderr=True),
                    disable=quiet,
                    transient=True,
                )
                for entry in film
            ]
        annotations = folder / "annotations.json"
        annotations.write_text(json.dumps(entries, indent=1), encoding="utf-8")
    except OSError as error:
        raise cannot_write(folder, error) from error
    build = BuildSpec(spec.name, shards=spec.shards, threads=threads)
    return build_corpus(annotations, videos, folder, build, quiet=quiet)


def all_texts(film: SyntheticSpec) -> list[str]:
    """Texts that hold every word a corpus of such films can ask or answer: what a tokenizer is built from."""
    templates = (
        *text.GROUNDING_QUESTIONS,
        text.GROUNDING_ANSWER,
        text.ABSENT_ANSWER,
        *text.LISTING_QUESTIONS,
        text.LISTING_ANSWER,
        *text.NAMING_QUESTIONS,
        text.NAMING_ANSWER,
        text.NAMING_NOTHING,
        *text.DENSE_QUESTIONS,
        text.DENSE_ITEM,
        *text.ORDER_QUESTIONS,
        text.ORDER_ANSWER,
    )
    joins = text.NAMING_JOIN + text.DENSE_JOIN + text.ORDER_JOIN
    names = [f"{colour} {shape}" for colour in film.colours for shape in film.shapes]
    slots = {"what": "", "start": "0.0", "end": "0.0", "time": "0.0", "list": ""}
    return [*(template.format(**slots) for template in templates), joins, *names]


def questions_of(video: SyntheticVideo, spec: SyntheticCorpusSpec, rng: np.random.Generator) -> list[dict[str, Any]]:
    """TimePro entries (without `video`) about a film."""
    if spec.questions == "each_object":
        return [_entry([_grounding(event, rng)], "grounding", [event]) for event in video.events]
    kinds, weights = zip(*spec.tasks, strict=True)
    drawn = rng.choice(len(kinds), size=spec.turns, p=np.asarray(weights) / np.sum(weights))
    unasked = [video.events[number] for number in rng.permutation(len(video.events))]
    turns, asked, first = [], [], ""
    for kind in (kinds[number] for number in drawn):
        if kind == "grounding":
            if not unasked:
                continue
            event = unasked.pop()
            turns.append(_grounding(event, rng))
            asked.append(event)
        else:
            turns.append(_ABOUT_ALL[kind](video, spec.film, rng))
        first = first or kind
    return [_entry(turns, first, asked if first == "grounding" else list(video.events) if first == "dense" else [])]


def _make_one(videos: Path, spec: SyntheticCorpusSpec, seed: int, number: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng((seed, number))
    video = make_video(spec.film, rng)
    name = f"{number:06d}.mp4"
    write_mp4(videos / name, video.frames, rate=video.rate)
    return [{"video": name, **entry} for entry in questions_of(video, spec, rng)]


def _entry(turns: list[tuple[str, str]], kind: str, events: list[Event]) -> dict[str, Any]:
    return {
        "QA": [{"q": question, "a": answer} for question, answer in turns],
        "task": _TIMEPRO_TASK[kind],
        "spans": [[event.start, event.end] for event in events],
    }


def _grounding(event: Event, rng: np.random.Generator) -> tuple[str, str]:
    return _pick(text.GROUNDING_QUESTIONS, rng).format(what=event.what), text.GROUNDING_ANSWER.format(**_times(event))


def _absent(video: SyntheticVideo, film: SyntheticSpec, rng: np.random.Generator) -> tuple[str, str]:
    shown = {event.colour for event in video.events}
    colour = _pick(tuple(colour for colour in film.colours if colour not in shown), rng)
    what = f"{colour} {_pick(film.shapes, rng)}"
    return _pick(text.GROUNDING_QUESTIONS, rng).format(what=what), text.ABSENT_ANSWER


def _listing(video: SyntheticVideo, film: SyntheticSpec, rng: np.random.Generator) -> tuple[str, str]:
    names = text.NAMING_JOIN.join(event.what for event in video.events)
    return _pick(text.LISTING_QUESTIONS, rng), text.LISTING_ANSWER.format(list=names)


def _naming(video: SyntheticVideo, film: SyntheticSpec, rng: np.random.Generator) -> tuple[str, str]:
    moment = round(float(rng.uniform(0, video.seconds)), 1)
    names = [event.what for event in video.events if event.start <= moment < event.end]
    answer = text.NAMING_ANSWER.format(list=text.NAMING_JOIN.join(names)) if names else text.NAMING_NOTHING
    return _pick(text.NAMING_QUESTIONS, rng).format(time=moment), answer


def _dense(video: SyntheticVideo, film: SyntheticSpec, rng: np.random.Generator) -> tuple[str, str]:
    items = [text.DENSE_ITEM.format(what=event.what, **_times(event)) for event in video.events]
    return _pick(text.DENSE_QUESTIONS, rng), text.DENSE_JOIN.join(items) + "."


def _order(video: SyntheticVideo, film: SyntheticSpec, rng: np.random.Generator) -> tuple[str, str]:
    names = text.ORDER_JOIN.join(event.what for event in video.events)
    return _pick(text.ORDER_QUESTIONS, rng), text.ORDER_ANSWER.format(list=names)


_ABOUT_ALL = {"absent": _absent, "naming": _naming, "listing": _listing, "dense": _dense, "order": _order}


def _times(event: Event) -> dict[str, float]:
    return {"start": event.start, "end": event.end}


def _pick(templates: tuple[str, ...], rng: np.random.Generator) -> str:
    return templates[int(rng.integers(len(templates)))]
