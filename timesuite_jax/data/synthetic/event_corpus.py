"""Makes corpora of events: mp4 files, a list of their labels, and records built from them as from any such list."""

import functools
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from timesuite_jax.data.corpora.annotation_set import read_annotation_set
from timesuite_jax.data.corpora.build import build_corpus
from timesuite_jax.data.corpora.build_spec import BuildSpec
from timesuite_jax.data.corpora.build_state import check_can_build
from timesuite_jax.data.corpora.corpus import CorpusInfo
from timesuite_jax.data.corpora.tfrecord import cannot_write
from timesuite_jax.data.sources import ReadOptions
from timesuite_jax.data.synthetic.event_videos import RATE, EventVideos
from timesuite_jax.media import write_mp4
from timesuite_jax.progress import track


def make_event_corpus(
    folder: str | Path, kind: EventVideos, videos: int, *, seed: int, size: int, threads: int = 2, quiet: bool = False
) -> CorpusInfo:
    """Writes `folder/videos/*.mp4`, `folder/labels.csv` and the corpus itself in `folder`; classes take turns.

    Args:
      folder: of the corpus, which is named after it.
      kind: of the videos.
      videos: their number.
      seed: of the videos; corpora of different seeds have no video in common.
      size: height and width of the videos, pixels; even.
      threads: that make videos.
      quiet: no progress bars.

    Raises:
      UserError: the folder cannot be written, or holds a corpus.
    """
    folder = Path(folder)
    check_can_build(folder)  # before the videos are made, not after
    labels = [number % len(kind.classes) for number in range(videos)]
    names = [f"{number:06d}.mp4" for number in range(videos)]
    try:
        (folder / "videos").mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(threads) as pool:
            make = functools.partial(_write_video, folder / "videos", kind, seed, size)
            for _ in track(pool.map(make, names, labels), f"making videos of {folder.name}", videos, quiet=quiet):
                pass
        lines = [f"{name},{kind.classes[label]}\n" for name, label in zip(names, labels, strict=True)]
        (folder / "labels.csv").write_text("".join(lines), encoding="utf-8")
    except OSError as error:
        raise cannot_write(folder, error) from error
    options = ReadOptions(classes=kind.classes)
    listed = read_annotation_set(folder / "labels.csv", folder / "videos", options, format="label_list")
    return build_corpus(listed, folder / "videos", folder, BuildSpec(folder.name), quiet=quiet)


def _write_video(folder: Path, kind: EventVideos, seed: int, size: int, name: str, label: int) -> None:
    rng = np.random.default_rng((seed, int(name.partition(".")[0])))
    write_mp4(folder / name, kind.draw(label, size, rng), rate=RATE)
