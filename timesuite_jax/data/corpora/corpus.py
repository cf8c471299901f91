"""A corpus: a folder of TFRecord shards and `dataset_info.json`.

```
FOLDER/
  NAME-00000-of-00004.tfrecord  and  NAME-00000-of-00004.tfrecord.index.npy, ...
  dataset_info.json
```
The info file is written last: a folder without it is not a corpus.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np
from etils import epath

from timesuite_jax.data.corpora.bad_spans import BadSpan, OnBadSpan
from timesuite_jax.data.corpora.record import READABLE_SCHEMAS, SCHEMA_VERSION, Record, encode_record, example_class
from timesuite_jax.data.corpora.tfrecord import TFRecordSource, TFRecordWriter, cannot_write, shard_name
from timesuite_jax.errors import UserError
from timesuite_jax.storage.atomic_write import atomic_write
from timesuite_jax.storage.remote_path import make_folder, to_path

INFO_NAME = "dataset_info.json"


@dataclass(frozen=True)
class Rejected:
    """A sample that was left out of a corpus, and why."""

    id: str
    source: str
    reason: str


@dataclass(frozen=True)
class CorpusInfo:
    """Content of `dataset_info.json`.

    Attributes:
      name: of the corpus.
      schema: version of the records.
      shards: file names, in order.
      records: number of records of each shard.
      bytes: size of each shard.
      checksums: CRC32C of each shard file, hexadecimal.
      tasks: number of records of each task.
      seconds: total length of the stored videos.
      quarantine: samples that were rejected when the corpus was built.
      bad_spans: annotated spans that do not fit their video, and what was done about each.
      on_bad_span: what the corpus was built to do about them.
    """

    name: str
    schema: int
    shards: tuple[str, ...]
    records: tuple[int, ...]
    bytes: tuple[int, ...]
    checksums: tuple[str, ...]
    tasks: dict[str, int]
    seconds: float
    quarantine: tuple[Rejected, ...] = field(default=())
    bad_spans: tuple[BadSpan, ...] = field(default=())
    on_bad_span: OnBadSpan = "reject"

    def __len__(self) -> int:
        return sum(self.records)


class CorpusWriter:
    """Writes records into shards and, on `finish`, the info file.

    Args:
      folder: created if absent; must not hold a corpus.
      name: of the corpus and of its files.
      on_bad_span: what its builder does about spans that do not fit their video.

    Raises:
      UserError: the folder cannot be written or holds a corpus, or the name cannot be part of a file name.
    """

    def __init__(self, folder: str | Path, name: str, *, on_bad_span: OnBadSpan = "reject"):
        self.folder, self.name = Path(folder), name
        self._on_bad_span: OnBadSpan = on_bad_span
        if not name or "/" in name:
            raise UserError(f"corpus name {name!r} cannot be part of a file name; choose one without /")
        check_no_corpus(self.folder)
        example_class()  # imported here, before builders start threads
        self._rejected: list[Rejected] = []
        self._bad_spans: list[BadSpan] = []
        self._media: dict[bytes, int] = {}  # hash of a video or of frames -> number of the record that stores it

    def reject(self, rejected: Rejected) -> None:
        """Adds a sample to the quarantine list."""
        self._rejected.append(rejected)

    def report_bad_spans(self, found: Iterable[BadSpan]) -> None:
        """Adds spans to the list of those that do not fit their video."""
        self._bad_spans.extend(found)

    def write(self, shards: Sequence[Iterable[Record]]) -> CorpusInfo:
        """Writes one shard after the other, and the info file; reads each shard's records while writing it.

        A video, or the same frames, of several records are stored in the first of them.

        Raises:
          UserError: the folder cannot be written, or there is no record at all.
        """
        names = tuple(shard_name(self.name, number, len(shards)) for number in range(len(shards)))
        tasks: Counter[str] = Counter()
        counts, seconds = [], 0.0
        for name, records in zip(names, shards, strict=True):
            count = 0
            with TFRecordWriter(self.folder / name) as writer:
                for record in records:
                    stored = self._store_once(record, sum(counts) + count)
                    writer.write(encode_record(stored))
                    tasks[record.task] += 1
                    seconds += 0.0 if stored.media_record is not None else record.duration
                    count += 1
            counts.append(count)
        if not sum(counts):
            reasons = "; ".join(f"{r.source}: {r.reason}" for r in self._rejected[:3])
            raise UserError(f"corpus {self.name} would be empty: every sample was rejected ({reasons or 'none given'})")
        info = CorpusInfo(
            name=self.name,
            schema=SCHEMA_VERSION,
            shards=names,
            records=tuple(counts),
            bytes=tuple((self.folder / name).stat().st_size for name in names),
            checksums=tuple(file_checksum(self.folder / name) for name in names),
            tasks=dict(sorted(tasks.items())),
            seconds=round(seconds, 3),
            quarantine=tuple(self._rejected),
            bad_spans=tuple(self._bad_spans),
            on_bad_span=self._on_bad_span,
        )
        write_json(self.folder / INFO_NAME, asdict(info))
        return info

    def _store_once(self, record: Record, number: int) -> Record:
        """Returns the record, without its media if an earlier record stores the same."""
        digest = hashlib.blake2b(digest_size=16)
        parts = record.frames if record.video is None else (record.video,)
        for part in (*parts, np.asarray(record.frame_times).tobytes()):
            digest.update(len(part).to_bytes(8, "little"))
            digest.update(part)
        first = self._media.setdefault(digest.digest(), number)
        if first == number:
            return record
        return replace(record, video=None, frames=(), frame_times=(), media_record=first)


def check_no_corpus(folder: Path) -> None:
    """Checks that a folder is free for a new corpus.

    Raises:
      UserError: the folder holds one.
    """
    if (folder / INFO_NAME).exists():
        raise UserError(f"{folder} already holds a corpus; remove it or choose another folder")


def read_info(folder: epath.PathLike) -> CorpusInfo:
    """Reads `dataset_info.json`.

    Raises:
      UserError: it is missing, damaged, or of another schema.
    """
    path = to_path(folder) / INFO_NAME
    if not path.is_file():
        raise UserError(
            f"{folder} holds no corpus (no {INFO_NAME}); build one with `timesuite data build --out {folder}`"
        )
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        quarantine = tuple(Rejected(**entry) for entry in fields.pop("quarantine"))
        bad_spans = tuple(BadSpan(**entry) for entry in fields.pop("bad_spans", ()))
        lists: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()
        }
        info = CorpusInfo(**lists, quarantine=quarantine, bad_spans=bad_spans)
        if len({len(part) for part in (info.shards, info.records, info.bytes, info.checksums)}) > 1:
            raise ValueError("its lists differ in length")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError(f"{path} is damaged ({error}); build the corpus again") from error
    if info.schema not in READABLE_SCHEMAS:
        raise UserError(
            f"{path} has schema {info.schema}, this program reads {READABLE_SCHEMAS}; build the corpus again"
        )
    return info


def open_corpus(folder: epath.PathLike) -> tuple[CorpusInfo, TFRecordSource]:
    """Opens a corpus for random access to its records.

    Raises:
      UserError: it is missing or damaged, or its number of records differs from the info file.
    """
    info = read_info(folder)
    example_class()  # imported here, before readers start threads
    source = TFRecordSource([to_path(folder) / name for name in info.shards])
    if len(source) != len(info):
        raise UserError(
            f"{folder} holds {len(source)} records, but {INFO_NAME} lists {len(info)}; copy the corpus again"
        )
    return info, source


def file_checksum(path: Path) -> str:
    """CRC32C of a file, hexadecimal."""
    checksum = google_crc32c.Checksum()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            checksum.update(block)
    return checksum.hexdigest().decode()


def write_json(path: Path | epath.Path, content: dict) -> None:
    """Writes JSON atomically.

    Raises:
      UserError: it cannot be written.
    """
    try:
        make_folder(path.parent)
        with atomic_write(path) as partial:
            partial.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise cannot_write(path, error) from error
