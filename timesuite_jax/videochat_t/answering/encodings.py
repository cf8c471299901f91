"""A bounded cache of encoded videos."""

import dataclasses
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from timesuite_jax.errors import UserError
from timesuite_jax.videochat_t.answering.encoded_video import EncodedVideo

_MAX_BYTES = 1 << 30


@dataclasses.dataclass(frozen=True)
class SeenVideo:
    """A video, encoded, and what answers need to know of it.

    Attributes:
      encoded: by the model.
      seconds: time of each frame that the model saw, from the start of the video or clip.
      duration: seconds of the video or clip.
      video_duration: seconds of the video.
      frames: evenly spaced ones, for timelines.
    """

    encoded: EncodedVideo
    seconds: Float[np.ndarray, " T"]
    duration: float
    video_duration: float
    frames: Sequence[UInt8[np.ndarray, "H W 3"]]


class EncodingCache:
    """The videos that were used last, of one set of weights at a time.

    Args:
      max_bytes: of their encodings on the devices; the latest is kept whatever its size.
    """

    def __init__(self, max_bytes: int = _MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._weights: Sequence[Any] = ()  # the objects themselves: an address alone may be used again
        self._videos: OrderedDict[Hashable, SeenVideo] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._videos)

    @property
    def nbytes(self) -> int:
        """Bytes of all encodings on the devices."""
        return sum(seen.encoded.nbytes for seen in self._videos.values())

    def get(self, weights: Sequence[Any], key: Hashable, make: Callable[[], SeenVideo]) -> SeenVideo:
        """Returns the video with this key, made by `make` if it is not there.

        Args:
          weights: parameters that it is encoded with; other ones than before empty the cache.
          key: of everything else that decides the encoding.
          make: encodes the video.
        """
        with self._lock:
            if list(map(id, weights)) != list(map(id, self._weights)):
                self._videos.clear()
                self._weights = list(weights)
            if key not in self._videos:
                self._videos[key] = make()
            self._videos.move_to_end(key)
            while len(self._videos) > 1 and self.nbytes > self._max_bytes:
                self._videos.popitem(last=False)
            return self._videos[key]


def content_hash(video: str | Path) -> str:
    """SHA-256 of a file.

    Raises:
      UserError: it is not a file, or cannot be read.
    """
    if not Path(video).is_file():
        raise UserError(f"video {video} does not exist or is not a file; give the path of a video file")
    try:
        with Path(video).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise UserError(f"video {video} cannot be read ({error.strerror}); correct its permissions") from error
