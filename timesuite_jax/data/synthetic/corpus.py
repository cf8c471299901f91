"""Makes synthetic grounding corpora: mp4 files, annotations in TimePro's format, and records built from them.

Everything is drawn from the seed and the number of the video, so training and held-out parts differ in the seed only.
"""

import functools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from timesuite_jax.data.corpora.build import build_corpus
from timesuite_jax.data.corpora.build_spec import BuildSpec
from timesuite_jax.data.corpora.build_state import check_can_build
from timesuite_jax.data.corpora.corpus import CorpusInfo
from timesuite_jax.data.corpora.tfrecord import cannot_write
from timesuite_jax.data.synthetic import texts as text
from timesuite_jax.data.synthetic.moving_shapes import Event, MovingShapesSpec, SyntheticVideo, make_video
from timesuite_jax.json_text import to_json
from timesuite_jax.media import write_mp4
from timesuite_jax.progress import track
from timesuite_jax.text import build_word_tokenizer, clip_time_texts, video_time_text

Question = Literal["grounding", "order"]
_TIMEPRO_TASK = {"grounding": "temporal_video_grounding", "order": "question_answering"}


@dataclass(frozen=True)
class SyntheticCorpusSpec:
    """A corpus of synthetic videos.

    Attributes:
      name: of the corpus.
      videos: number of videos.
      appearance: of the videos.
      conversations: the records of a video, each a sequence of questions. `grounding` asks when an object is visible:
        each object at most once, then objects that never appear; `order` asks for the colours in order of appearance,
        from which a randomly initialised model learns their names.
      each_object: instead, one record with one grounding question for each object of a video (records of one video
        share their `source`), for evaluation.
      annotated_frames: annotate from this many evenly spaced frames: an event lasts from the first frame that shows it
        to the first one after it; exactly if fewer than two frames show it. None annotates exactly.
      shards: number of TFRecord files.
    """

    name: str
    videos: int
    appearance: MovingShapesSpec = field(default_factory=MovingShapesSpec)
    conversations: tuple[tuple[Question, ...], ...] = (("grounding",),)
    each_object: bool = False
    annotated_frames: int | None = None
    shards: int = 4


def make_corpus(
    folder: str | Path, spec: SyntheticCorpusSpec, *, seed: int, threads: int = 2, quiet: bool = False
) -> CorpusInfo:
    """Writes `folder/videos/*.mp4`, `folder/annotations.json` and the corpus itself in `folder`.

    A repeat after an interruption, even by SIGKILL, makes the videos again and continues the corpus.

    Raises:
      UserError: the folder cannot be written or holds a corpus already.
    """
    folder = Path(folder)
    check_can_build(folder)  # before the videos are made, not after
    videos = folder / "videos"
    try:
        videos.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(threads) as pool:
            make = functools.partial(_make_one, videos, spec, seed)
            entries = [
                entry
                for video_entries in track(
                    pool.map(make, range(spec.videos)), f"making videos of {spec.name}", spec.videos, quiet=quiet
                )
                for entry in video_entries
            ]
        annotations = folder / "annotations.json"
        annotations.write_text(to_json(entries, indent=1), encoding="utf-8")
    except OSError as error:
        raise cannot_write(Path(folder), error) from error
    build = BuildSpec(spec.name, shards=spec.shards)
    return build_corpus(annotations, videos, folder, build, quiet=quiet)


def all_texts(appearance: MovingShapesSpec) -> list[str]:
    """Texts with every word of the questions and answers about such videos, to build a tokenizer from."""
    templates = (*text.GROUNDING_QUESTIONS, text.GROUNDING_ANSWER, *text.ORDER_QUESTIONS, text.ORDER_ANSWER)
    slots = {"what": "", "start": "0.0", "end": "0.0", "list": text.ORDER_JOIN}
    filled = (template.format(**slots) for template in templates)
    return [*filled, text.ABSENT_ANSWER, *appearance.colours, *appearance.shapes]


def make_tokenizer(folder: str | Path, appearance: MovingShapesSpec) -> Path:
    """Writes `folder/tokenizer.json`, of such videos and time stamps, for both the language model and the Q-Former.

    Raises:
      UserError: the folder cannot be written.
    """
    seconds = [0.0, 1.0, 2.0, 3.0]  # digits are single tokens, so any times give all the words
    times = [video_time_text(seconds), *clip_time_texts(seconds, clips=2, clip_frames=2)]
    try:
        return build_word_tokenizer([*all_texts(appearance), *times], folder)
    except OSError as error:
        raise cannot_write(Path(folder), error) from error


def questions_of(video: SyntheticVideo, spec: SyntheticCorpusSpec, rng: np.random.Generator) -> list[dict[str, Any]]:
    """TimePro entries (without `video`) about a video."""
    events = [_annotate(event, video, spec.annotated_frames) for event in video.events]
    if spec.each_object:
        return [_entry([_grounding(event, rng)], "grounding", [event]) for event in events]
    remaining = [events[number] for number in rng.permutation(len(events))]
    entries = []
    for questions in spec.conversations:
        turns, grounded = [], []
        for kind in questions:
            if kind == "order":
                turns.append(_order(video, rng))
            elif remaining:
                grounded.append(remaining.pop())
                turns.append(_grounding(grounded[-1], rng))
            else:
                turns.append(_absent(video, spec.appearance, rng))
        entries.append(_entry(turns, questions[0], grounded))
    return entries


def _annotate(event: Event, video: SyntheticVideo, frames: int | None) -> Event:
    """The event as annotated from so many evenly spaced frames."""
    if frames is None:
        return event
    numbers = ((np.arange(frames) + 0.5) / frames * len(video.frames)).astype(int)
    times = numbers / video.rate
    shown, later = times[(times >= event.start) & (times < event.end)], times[times >= event.end]
    if len(shown) < 2:
        return event  # too short to be seen in the frames
    end = later[0] if len(later) else shown[-1]
    return replace(event, start=round(float(shown[0]), 1), end=round(float(end), 1))


def _make_one(videos: Path, spec: SyntheticCorpusSpec, seed: int, number: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng((seed, number))
    video = make_video(spec.appearance, rng)
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


def _absent(video: SyntheticVideo, appearance: MovingShapesSpec, rng: np.random.Generator) -> tuple[str, str]:
    shown = {event.colour for event in video.events}
    colour = _pick(tuple(colour for colour in appearance.colours if colour not in shown), rng)
    what = f"{colour} {_pick(appearance.shapes, rng)}"
    return _pick(text.GROUNDING_QUESTIONS, rng).format(what=what), text.ABSENT_ANSWER


def _order(video: SyntheticVideo, rng: np.random.Generator) -> tuple[str, str]:
    colours = text.ORDER_JOIN.join(event.colour for event in video.events)
    return _pick(text.ORDER_QUESTIONS, rng), text.ORDER_ANSWER.format(list=colours)


def _pick(options: tuple[str, ...], rng: np.random.Generator) -> str:
    return options[int(rng.integers(len(options)))]
