"""Files of video features by the names of their videos."""

import dataclasses
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from etils import epath
from jaxtyping import Float, Float32

from timesuite_jax.embeddings.video import FORMATS, read_features
from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.grounding.moment_query import MomentQuery
from timesuite_jax.metrics.highlights import CLIP_SECONDS
from timesuite_jax.storage.remote_path import to_path

_READERS = 8  # threads, for latency of a bucket
_SHOWN = 3  # missing files that are named


@dataclasses.dataclass(frozen=True)
class FeatureFolder:
    """The features of videos that `timesuite features` wrote to a folder.

    Attributes:
      folder: of the files, `<vid>.npz` or another format.
      width: of the features.
      max_rows: of a video.
    """

    folder: str
    width: int
    max_rows: int

    def find(self, vid: str) -> epath.Path | None:
        """The file of a video; None if there is none."""
        paths = (to_path(self.folder) / f"{vid}.{suffix}" for suffix in FORMATS)
        return next((path for path in paths if path.is_file()), None)

    def missing(self, queries: Sequence[MomentQuery]) -> list[str]:
        """Videos of queries without a file, in one sentence; empty if there are none."""
        vids = sorted({query.vid for query in queries})
        absent = [vid for vid in vids if self.find(vid) is None]
        if not absent:
            return []
        return [
            f"files of features in {self.folder} for {len(absent)} of {len(vids)} videos, among them "
            f"{', '.join(absent[:_SHOWN])} (`timesuite features` makes them)"
        ]

    def read(self, query: MomentQuery) -> tuple[Float32[np.ndarray, "rows D"], Float32[np.ndarray, "rows 2"]]:
        """The features of a query's video, and start and end of each row in fractions of its duration.

        Raises:
          UserError: there is no file, or it does not fit the query or the model.
        """
        path, features, seconds = self._content(query.vid)
        _check_duration(query, path, seconds)
        return features, np.clip(seconds / query.duration, 0.0, 1.0).astype(np.float32)

    def problems(self, queries: Sequence[MomentQuery]) -> list[str]:
        """Why the features of videos do not fit these queries or the model, a message for each such video.

        Each file is read once, and not kept.
        """
        by_video: dict[str, list[MomentQuery]] = {}
        for query in queries:
            by_video.setdefault(query.vid, []).append(query)

        def problem(vid: str) -> str | None:
            try:
                path, _, seconds = self._content(vid)
                for query in by_video[vid]:
                    _check_duration(query, path, seconds)
            except UserError as error:
                return str(error)
            return None

        with ThreadPoolExecutor(_READERS) as readers:
            return [found for found in readers.map(problem, by_video) if found]

    def _content(self, vid: str) -> tuple[epath.Path, Float32[np.ndarray, "rows D"], Float[np.ndarray, "rows 2"]]:
        """The file of a video, its features, and start and end of each row in seconds.

        Raises:
          UserError: there is no file, or it does not fit the model.
        """
        path = self.find(vid)
        if path is None:
            raise UserError(f"{self.folder} has no features of video {vid!r}; extract them with `timesuite features`")
        content = read_features(path)
        features, seconds = content.features, np.asarray(content.seconds, np.float64)
        if features.ndim != 2 or not len(features):
            raise UserError(
                f"{path} has features of shape {features.shape}, not one vector for each time; extract them again "
                "without --tokens"
            )
        if features.shape[1] != self.width:
            raise UserError(
                f"{path} has features of width {features.shape[1]}, the config has model.video_width={self.width}; "
                "change it, or give the features of another model"
            )
        if len(features) > self.max_rows:
            raise UserError(f"{path} has {len(features)} rows, more than data.max_rows={self.max_rows}; raise it")
        if not np.isfinite(features).all() or not np.isfinite(seconds).all():
            raise UserError(f"{path} has features or times that are not finite numbers; extract them again")
        return path, features, seconds


def _check_duration(query: MomentQuery, path: epath.Path, seconds: Float[np.ndarray, "rows 2"]) -> None:
    """Checks that features are of a video as long as the query's.

    Raises:
      UserError: they are not.
    """
    step = float(np.diff(seconds[:, 0]).max(initial=0.0))
    if abs(seconds[-1, 1] - query.duration) > max(step, CLIP_SECONDS):
        raise UserError(
            f"{path} has features up to {seconds[-1, 1]:g} s, but {query.id} has duration={query.duration:g}; give "
            "the features of this video"
        )
