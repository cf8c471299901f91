"""Makes synthetic corpora of actions: a shape that moves in one of four directions, with the direction as the label.

No single frame shows the class: positions are the same in both directions, and only their order differs.
"""

from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np
from jaxtyping import UInt8

from timesuite_jax.data.corpora.corpus import CorpusInfo
from timesuite_jax.data.corpora.corpus_writer import CorpusWriter
from timesuite_jax.data.corpora.record import Record
from timesuite_jax.data.synthetic.moving_shapes import COLOURS
from timesuite_jax.media import encode_mp4

DIRECTIONS = {"moves right": (0, 1), "moves left": (0, -1), "moves down": (1, 0), "moves up": (-1, 0)}  # rows, columns
FRAMES, RATE = 24, 12.0
_HALF = 0.16  # of the shape's side, as a part of the video's


def action_video(
    direction: tuple[int, int], size: int, rng: np.random.Generator, *, colour: str | None = None
) -> UInt8[np.ndarray, "T size size 3"]:
    """A square that crosses a dark background; its start and its line vary.

    Args:
      direction: rows and columns, -1 to 1.
      size: height and width, pixels.
      rng: of this video.
      colour: name from `COLOURS`; None: a random one.
    """
    drawn = list(COLOURS)[rng.integers(len(COLOURS))]
    background = rng.integers(5, 60, 3)
    travelled = np.linspace(-0.5, 0.5, FRAMES) * rng.uniform(0.5, 0.7)
    off_line, off_centre = rng.uniform(-0.2, 0.2), rng.uniform(-0.05, 0.05)
    steps = np.asarray(direction)
    centres = 0.5 + (travelled[:, None] + off_centre) * steps + off_line * (1 - np.abs(steps))
    pixel = (np.arange(size) + 0.5) / size
    rows, columns = (np.abs(pixel[None] - centres[:, axis, None]) < _HALF for axis in (0, 1))
    inside = rows[:, :, None] & columns[:, None, :]
    return np.where(inside[..., None], COLOURS[colour or drawn], background).astype(np.uint8)


def video_record(corpus: str, number: int, frames: UInt8[np.ndarray, "T size size 3"], **fields: Any) -> Record:
    """The record of a video of `action_video`, with other fields of a record."""
    video = encode_mp4(frames, rate=RATE)
    return Record(
        id=f"{corpus}/{number}",
        corpus=corpus,
        duration=FRAMES / RATE,
        video=video,
        directional=True,  # mirrored, they would show the other direction
        source=f"{number}.mp4",
        source_checksum=f"{google_crc32c.value(video):08x}",
        **fields,
    )


def make_action_corpus(folder: str | Path, name: str, videos: int, *, seed: int, size: int = 32) -> CorpusInfo:
    """Writes a corpus with labels; classes take turns.

    Args:
      folder: of the corpus.
      name: of the corpus.
      videos: their number.
      seed: of the videos; corpora of different seeds have no video in common.
      size: height and width of the videos, pixels; even.

    Raises:
      UserError: the folder cannot be written, or holds a corpus.
    """

    def record(number: int) -> Record:
        label = number % len(DIRECTIONS)
        frames = action_video(list(DIRECTIONS.values())[label], size, np.random.default_rng((seed, number)))
        return video_record(name, number, frames, task="action_recognition", turns=(), label=label)

    writer = CorpusWriter(folder, name, classes=tuple(DIRECTIONS))
    return writer.write([map(record, range(videos))])
