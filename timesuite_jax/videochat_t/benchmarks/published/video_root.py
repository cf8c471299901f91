"""The folder with the videos of a benchmark."""

from collections.abc import Iterable
from pathlib import Path

from timesuite_jax.data.corpora import Record
from timesuite_jax.data.corpora.video_folder import VideoFolder
from timesuite_jax.data.question_spans import Span
from timesuite_jax.errors import UserError
from timesuite_jax.media import VideoError
from timesuite_jax.videochat_t.answering.video_file import VideoFile
from timesuite_jax.videochat_t.benchmarks.published.frame_folder import read_frame_folder


class VideoRoot:
    """Finds videos by the names that annotations give them, see `VideoFolder`.

    Args:
      root: the folder.

    Raises:
      UserError: there is no such folder.
    """

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise UserError(f"there is no folder of videos {root}; give the folder that the videos are in")
        self._root, self._folder = root, VideoFolder(root)

    def find(self, name: str, clip: Span | None = None) -> VideoFile | Record:
        """Returns a video, or a clip of it; a folder of frames as a record, see `read_frame_folder`.

        Args:
          name: path, file name or id.
          clip: start and end in seconds.

        Raises:
          VideoError: there is no such file, or several.
        """
        if (found := self._folder.find(name)) is None:
            if (self._root / name).is_dir():
                return read_frame_folder(self._root / name, name, clip)
            raise VideoError(name, f"does not exist in {self._root}", "download it", "missing")
        return VideoFile(str(self._root / found), name, clip)

    def missing(self, names: Iterable[str]) -> list[str]:
        """Returns the videos that cannot be found, each once, in order."""
        return [name for name in dict.fromkeys(names) if not self._has(name)]

    def _has(self, name: str) -> bool:
        try:
            return self._folder.find(name) is not None or (self._root / name).is_dir()
        except VideoError:  # several files could be meant
            return False
