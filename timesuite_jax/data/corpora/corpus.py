"""A corpus: a folder of TFRecord shards and `dataset_info.json`.

```
FOLDER/
  NAME-00000-of-00004.tfrecord  and  NAME-00000-of-00004.tfrecord.index.npy, ...
  tfds/dataset_info.json, tfds/features.json      for tensorflow-datasets
  dataset_info.json
```
The info file is written last: a folder without it is not a corpus.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import google_crc32c
from etils import epath

from timesuite_jax.counted import counted
from timesuite_jax.data.corpora.bad_spans import BadSpan, OnBadSpan
from timesuite_jax.data.corpora.record import READABLE_SCHEMAS, example_class
from timesuite_jax.data.corpora.rejected import Rejected
from timesuite_jax.data.corpora.tfrecord import TFRecordSource, cannot_write
from timesuite_jax.errors import UserError
from timesuite_jax.json_text import to_json
from timesuite_jax.storage.atomic_write import atomic_write
from timesuite_jax.storage.range_reader import file_size
from timesuite_jax.storage.remote_path import make_folder, to_path

INFO_NAME = "dataset_info.json"
UNFINISHED = "unfinished"  # folder with the state of a build that is not complete


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
      counts: for each source of annotations and task, the number of records, and of rejected samples by kind of reason.
      settings: what the bytes depend on: how it was built, and checksums of the annotations and the quarantine list.
      quarantine: samples that were rejected when the corpus was built.
      bad_spans: annotated spans that do not fit their video, and what was done about each.
      on_bad_span: what the corpus was built to do about them.
      audio_kept: videos that were stored with their sound, against `--audio drop`: without it their times would change.
      classes: names of the classes that records' labels number; empty if there are no labels or they have no names.
    """

    name: str
    schema: int
    shards: tuple[str, ...]
    records: tuple[int, ...]
    bytes: tuple[int, ...]
    checksums: tuple[str, ...]
    tasks: dict[str, int]
    seconds: float
    counts: tuple[dict[str, Any], ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    quarantine: tuple[Rejected, ...] = field(default=())
    bad_spans: tuple[BadSpan, ...] = field(default=())
    on_bad_span: OnBadSpan = "reject"
    audio_kept: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return sum(self.records)


def check_name(name: str) -> None:
    """Checks the name of a corpus.

    Raises:
      UserError: it cannot be part of a file name.
    """
    if not name.strip(".") or "/" in name or not name.isprintable() or name != name.strip():
        raise UserError(
            f"corpus name {name!r} cannot be part of a file name; choose one of letters and digits, without / "
            "and spaces around it"
        )


def check_no_corpus(folder: Path | epath.Path) -> None:
    """Checks that a folder is free for a new corpus.

    Raises:
      UserError: the folder holds one.
    """
    if (folder / INFO_NAME).exists():
        raise UserError(f"{folder} already holds a corpus; remove it or choose another folder")


def read_info(folder: epath.PathLike) -> CorpusInfo:
    """Reads `dataset_info.json`.

    Raises:
      UserError: it is missing, or not complete, damaged, or of another schema.
    """
    path = to_path(folder) / INFO_NAME
    if not path.is_file():
        if (path.parent / UNFINISHED / "build.json").is_file():
            raise UserError(
                f"{folder} has an unfinished build; repeat its `timesuite data build`, which continues it, or wait"
            )
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
            f"{folder} holds {counted(len(source), 'record')}, but {INFO_NAME} lists {len(info)}; copy the corpus again"
        )
    for path, count, listed, size in zip(source.paths, source.counts, info.records, info.bytes, strict=True):
        if (count, file_size(path)) != (listed, size):
            raise UserError(
                f"{path} holds {counted(count, 'record')} in {file_size(path)} bytes, but {INFO_NAME} lists {listed} "
                f"in {size}: it is of another corpus; copy the corpus again"
            )
    return info, source


def file_checksum(path: Path | epath.Path) -> str:
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
            partial.write_text(to_json(content, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise cannot_write(path, error) from error
