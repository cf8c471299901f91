"""Lists what an audit has to check: the records of corpora, and the videos of folders and of annotations."""

import os
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from etils import epath

from timesuite_jax.counted import counted
from timesuite_jax.data.corpora.annotation_set import EXCLUDED, AnnotationSet
from timesuite_jax.data.corpora.audit_items import (
    AnnotatedVideo,
    Item,
    Problem,
    RecordItem,
    ShardItem,
    VideoItem,
    without_location,
)
from timesuite_jax.data.corpora.build_spec import BuildSpec
from timesuite_jax.data.corpora.build_video import group_by_video
from timesuite_jax.data.corpora.corpus import INFO_NAME, UNFINISHED, read_info
from timesuite_jax.data.corpora.quarantine import full_name
from timesuite_jax.data.corpora.tfds_files import FEATURES_NAME, TFDS_FOLDER
from timesuite_jax.data.corpora.tfrecord import TFRecordSource, index_path
from timesuite_jax.errors import UserError
from timesuite_jax.media import VIDEO_SUFFIXES
from timesuite_jax.storage.remote_path import to_path


@dataclass
class AuditPlan:
    """Items to check, problems that listing them found, and files that are no videos by their suffix."""

    items: list[Item] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    not_checked: list[str] = field(default_factory=list)

    def add(self, path: Path) -> None:
        """Adds a corpus, a folder or a video.

        Raises:
          UserError: it is none of these.
        """
        if not (path / INFO_NAME).is_file() and (path / UNFINISHED / "build.json").is_file():
            read_info(path)  # raises what is to be done
        if path.is_dir():
            self._add_folder(path)
        elif path.exists():
            self.items.append(VideoItem(str(path), full_name(path.parent, path.name)))
        else:
            raise UserError(f"there is no {path}; give corpora, folders of videos, or videos")

    def add_annotations(self, annotations: AnnotationSet, folder: Path | epath.Path, spec: BuildSpec) -> None:
        """Adds the videos of annotations, which are compared with them."""
        for group in group_by_video(annotations.annotations):
            where = str(folder / group.video)
            self.items.append(AnnotatedVideo(where, full_name(folder, group.video), group, str(folder), spec))
        self.problems.extend(
            Problem(f"{annotations.source}/{one.id}", one.kind, one.reason)
            for one in annotations.rejected
            if one.kind != EXCLUDED
        )

    def find_equal_sizes(self) -> None:
        """Marks videos whose content may be that of another, to be compared by hashes."""
        sizes = {item.path: _size(item.path) for item in self.items if isinstance(item, VideoItem | AnnotatedVideo)}
        counts = Counter(size for size in sizes.values() if size)
        self.items = [
            replace(item, hashed=True)
            if isinstance(item, VideoItem | AnnotatedVideo) and counts[sizes[item.path]] > 1
            else item
            for item in self.items
        ]

    def _add_folder(self, folder: Path) -> None:
        before = len(self.items) + len(self.problems)
        of_corpora: set[Path] = set()
        for file in sorted(folder.rglob(INFO_NAME)):
            if file.parent.name != TFDS_FOLDER or not (file.parent.parent / INFO_NAME).is_file():
                of_corpora |= self._add_corpus(file.parent)
        for file in sorted(folder.rglob("*")):
            if file in of_corpora:
                continue
            if file.suffix.lower() in VIDEO_SUFFIXES:
                self.items.append(VideoItem(str(file), full_name(folder, str(file.relative_to(folder)))))
            elif not file.is_dir():
                self.not_checked.append(str(file))
        if len(self.items) + len(self.problems) == before:
            raise UserError(
                f"{folder} contains neither a corpus nor videos, but {len(self.not_checked)} other files; "
                f"check the path, or name files to check (suffixes of videos: {' '.join(sorted(VIDEO_SUFFIXES))})"
            )

    def _add_corpus(self, folder: Path) -> set[Path]:
        """Adds shards and records; a shard that cannot be opened is a problem. Returns the files of the corpus.

        Raises:
          UserError: the corpus has no readable info file.
        """
        info = read_info(folder)
        paths = tuple(str(folder / shard) for shard in info.shards)
        found: list[int | None] = []
        for path, count, checksum in zip(paths, info.records, info.checksums, strict=True):
            try:
                found.append(len(TFRecordSource([path])))
            except UserError as error:
                found.append(None)
                self.problems.append(
                    Problem(path, "missing" if not Path(path).exists() else "shard", without_location(str(error), path))
                )
                continue
            if found[-1] == count:
                self.items.append(ShardItem(path, checksum))
            else:
                text = f"holds {counted(found[-1] or 0, 'record')}, but {INFO_NAME} lists {count}"
                self.problems.append(Problem(path, "shard", text))
        complete = found == list(info.records)
        first = 0
        for path, count in zip(paths, found, strict=True):
            for number in range(count or 0):
                shards, record = (paths, first + number) if complete else ((path,), number)
                self.items.append(RecordItem(f"{path}: record {number}", shards, record, complete))
            first += count or 0
        shards = [to_path(folder / shard) for shard in info.shards]
        tfds = [folder / TFDS_FOLDER / name for name in (INFO_NAME, FEATURES_NAME)]
        return {folder / INFO_NAME, *tfds, *(Path(file) for shard in shards for file in (shard, index_path(shard)))}


def _size(path: str) -> int:
    """Bytes of a file; 0 of one that is absent, or in a bucket, where a hash would read all of it again."""
    try:
        return os.stat(path).st_size  # noqa: PTH116
    except OSError:
        return 0
