"""Finds and decodes the videos of rows before anything is built of them."""

import hashlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from etils import epath

from timesuite_jax.apps.finetune.fields import FieldError
from timesuite_jax.apps.finetune.raw_rows import RowProblem
from timesuite_jax.apps.finetune.rows import Row
from timesuite_jax.apps.finetune.video_names import VideoNames
from timesuite_jax.data.corpora.video_check import check_video, read_video
from timesuite_jax.media import VideoError
from timesuite_jax.progress import track


@dataclass(frozen=True)
class CheckedVideo:
    """A video that can be decoded: its length in seconds, and a digest of its bytes, equal for copies of a file."""

    duration: float
    digest: str


def name_videos(rows: Iterable[Row], folder: VideoNames) -> tuple[list[Row], list[RowProblem]]:
    """Returns the rows with the paths of their videos in the folder, and what is wrong with the others."""
    found, problems = list[Row](), list[RowProblem]()
    for row in rows:
        try:
            found.append(replace(row, video=folder.find(row.video)))
        except FieldError as error:
            problems.append(RowProblem(row.number, str(error)))
    return found, problems


def check_videos(
    names: Sequence[str], root: epath.Path, *, deadline_s: float, threads: int, quiet: bool
) -> dict[str, CheckedVideo | str]:
    """Decodes videos.

    Args:
      names: paths relative to `root`.
      root: folder of the videos.
      deadline_s: wall seconds that one of them may take.
      threads: videos decoded at the same time.
      quiet: show no progress bar.

    Returns:
      For each video what is known of it, or why it cannot be used.
    """

    def check(name: str) -> CheckedVideo | str:
        try:
            data = read_video(root / name, name)
            duration = check_video(data, name, deadline_s).duration
        except VideoError as error:
            return str(error)
        return CheckedVideo(duration, hashlib.blake2b(data, digest_size=16).hexdigest())

    with ThreadPoolExecutor(threads) as pool:
        return dict(zip(names, track(pool.map(check, names), "checking videos", len(names), quiet=quiet), strict=True))
