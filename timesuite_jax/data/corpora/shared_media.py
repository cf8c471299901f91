"""Stores the same video or frames once, in the first record that has them."""

import hashlib
from dataclasses import replace

import numpy as np

from timesuite_jax.data.corpora.record import Record


class SharedMedia:
    """Remembers which record stores which media, by their hash."""

    def __init__(self) -> None:
        self._stored: dict[bytes, int] = {}  # hash of a video or of frames -> number of the record

    def store_once(self, record: Record, number: int) -> Record:
        """Returns a record, without its media if an earlier record stores the same.

        Args:
          record: a record, whose `media_record` is counted as `number` is.
          number: of the record.
        """
        if record.media_record is not None:
            return record
        digest = hashlib.blake2b(digest_size=16)
        parts = record.frames if record.video is None else (record.video,)
        for part in (*parts, np.asarray(record.frame_times).tobytes()):
            digest.update(len(part).to_bytes(8, "little"))
            digest.update(part)
        first = self._stored.setdefault(digest.digest(), number)
        if first == number:
            return record
        return replace(record, video=None, frames=(), frame_times=(), media_record=first)
