"""Makes synthetic corpora of captions: squares of a colour that move in a direction, as "a red square moves left".

With a vocabulary of their words, in the form of BERT's.
"""

import itertools
from pathlib import Path

import numpy as np

from timesuite_jax.data.corpora.corpus import CorpusInfo
from timesuite_jax.data.corpora.corpus_writer import CorpusWriter
from timesuite_jax.data.corpora.record import Record
from timesuite_jax.data.corpora.tfrecord import cannot_write
from timesuite_jax.data.synthetic.actions import DIRECTIONS, action_video, video_record
from timesuite_jax.data.synthetic.moving_shapes import COLOURS
from timesuite_jax.text import Turn

QUESTION = "What happens in the video?"
SHOWN = tuple(itertools.product(COLOURS, DIRECTIONS))  # colours and movements, in the order in which videos show them
VOCABULARY = "vocab.txt"
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def caption_of(colour: str, movement: str) -> str:
    """The caption of a video."""
    return f"A {colour} square {movement}."


def make_caption_corpus(folder: str | Path, name: str, videos: int, *, seed: int, size: int = 32) -> CorpusInfo:
    """Writes a corpus with captions and `vocab.txt`; what the videos show takes turns, in a random order.

    Args:
      folder: of the corpus.
      name: of the corpus.
      videos: their number.
      seed: of the videos; corpora of different seeds have no video in common.
      size: height and width of the videos, pixels; even.

    Raises:
      UserError: the folder cannot be written, or holds a corpus.
    """
    order = np.random.default_rng(seed).permutation(len(SHOWN))

    def record(number: int) -> Record:
        colour, movement = SHOWN[order[number % len(SHOWN)]]
        rng = np.random.default_rng((seed, number))
        frames = action_video(DIRECTIONS[movement], size, rng, colour=colour)
        turns = (Turn(QUESTION, caption_of(colour, movement)),)
        return video_record(name, number, frames, task="captions", turns=turns)

    writer = CorpusWriter(folder, name)
    _write_vocabulary(Path(folder))  # before the corpus, whose info file marks a complete folder
    return writer.write([map(record, range(videos))])


def _write_vocabulary(folder: Path) -> None:
    words = sorted({word for shown in SHOWN for word in caption_of(*shown).lower().replace(".", "").split()})
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / VOCABULARY).write_text("".join(f"{piece}\n" for piece in (*_SPECIAL, *words)), encoding="utf-8")
    except OSError as error:
        raise cannot_write(folder, error) from error
