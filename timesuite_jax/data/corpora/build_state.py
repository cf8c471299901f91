"""State of an unfinished build, in the folder `unfinished` of its corpus.

```
FOLDER/unfinished/build.json            settings, and the number of videos of each shard
FOLDER/unfinished/SHARD.json            summary of a complete shard, written after it
```
A build that was interrupted, even by SIGKILL, continues after its complete shards. The folder is removed after the info
file is written; if the build was killed between the two, a repeat only removes it.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import filelock
from etils import epath

from timesuite_jax.data.corpora.bad_spans import BadSpan
from timesuite_jax.data.corpora.corpus import (
    INFO_NAME,
    UNFINISHED,
    CorpusInfo,
    check_no_corpus,
    file_checksum,
    read_info,
    write_json,
)
from timesuite_jax.data.corpora.rejected import Rejected
from timesuite_jax.data.corpora.shard import ShardSummary
from timesuite_jax.data.corpora.tfrecord import index_path
from timesuite_jax.errors import UserError
from timesuite_jax.storage.range_reader import file_size
from timesuite_jax.storage.remote_path import is_remote, make_folder
from timesuite_jax.storage.write_errors import explain_write_errors


def is_finished(folder: epath.Path | Path) -> bool:
    """Whether a folder has a corpus whose build left nothing to do, not even its state to remove."""
    return (folder / INFO_NAME).exists() and not (folder / UNFINISHED).exists()


def check_can_build(folder: epath.Path | Path) -> None:
    """Checks that a folder has no corpus, except one whose build was killed before it removed its state.

    Raises:
      UserError: the folder holds a corpus.
    """
    if not (folder / UNFINISHED).exists():
        check_no_corpus(folder)


def complete_corpus(folder: epath.Path, settings: dict[str, Any]) -> CorpusInfo | None:
    """Returns the corpus of a build that was killed after it wrote the info file; None if it did not write one.

    The settings are compared with those of the info file, because part of the state may have been removed already.

    Raises:
      UserError: the corpus was built with other settings, or its info file is damaged.
    """
    if not (folder / INFO_NAME).exists():
        return None
    info = read_info(folder)
    if info.settings != settings:
        check_no_corpus(folder)
    return info


def start_build(folder: epath.Path, settings: dict[str, Any], count_videos: Callable[[], list[int]]) -> list[int]:
    """Starts a build, or continues an unfinished one.

    Args:
      folder: of the corpus.
      settings: what the bytes of the corpus depend on, as JSON values.
      count_videos: returns the number of videos of each shard of a new build.

    Returns:
      The number of videos of each shard.

    Raises:
      UserError: the folder has an unfinished build with other settings, or cannot be written.
    """
    path = folder / UNFINISHED / "build.json"
    if not path.is_file():
        counts = count_videos()
        write_json(path, {"settings": settings, "videos_of_shards": counts})
        return counts
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
        previous, counts = state["settings"], [int(count) for count in state["videos_of_shards"]]
        changed = {key: (previous.get(key), value) for key, value in settings.items() if previous.get(key) != value}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path} is damaged ({error}); remove the folder {folder} and build again") from error
    if changed:
        listed = ", ".join(f"{key} {old!r} -> {new!r}" for key, (old, new) in changed.items())
        raise UserError(
            f"{folder} has an unfinished build with other settings ({listed}); repeat its settings to continue it, "
            "remove the folder, or choose another --out"
        )
    return counts


def finished_shard(folder: epath.Path, name: str) -> ShardSummary | None:
    """Returns the summary of a shard that is complete and intact."""
    path = folder / UNFINISHED / f"{name}.json"
    shard = folder / name
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        fields["rejected"] = tuple(Rejected(**one) for one in fields["rejected"])
        fields["bad_spans"] = tuple(BadSpan(**one) for one in fields["bad_spans"])
        fields["audio_kept"] = tuple(fields["audio_kept"])
        summary = ShardSummary(**fields)
        intact = file_size(shard) == summary.bytes and (is_remote(shard) or file_checksum(shard) == summary.checksum)
    except (OSError, ValueError, KeyError, TypeError):
        return None  # absent or damaged: the shard is built again
    return summary if intact else None


def note_finished(folder: epath.Path, summary: ShardSummary) -> None:
    """Notes that a shard is complete.

    Raises:
      UserError: the note cannot be written.
    """
    write_json(folder / UNFINISHED / f"{summary.name}.json", asdict(summary))


def finish_build(folder: epath.Path) -> None:
    """Removes the state of a build whose info file has been written."""
    if (folder / UNFINISHED).exists():
        (folder / UNFINISHED).rmtree()


def discard_build(folder: epath.Path, shards: Sequence[ShardSummary]) -> None:
    """Removes the state of a build, and its shards."""
    finish_build(folder)
    for shard in shards:
        (folder / shard.name).unlink()
        index_path(folder / shard.name).unlink()


@contextmanager
def lock_build(folder: epath.Path) -> Iterator[None]:
    """Locks the folder of a corpus against a second build, and removes partial files of killed ones.

    Raises:
      UserError: another process builds in the folder, or it cannot be written.
    """
    if is_remote(folder):  # buckets have no locks, and no partial files
        yield
        return
    state = folder / UNFINISHED
    with explain_write_errors(folder, "folder"):
        make_folder(state)
        lock = filelock.FileLock(Path(state) / ".lock", thread_local=False, fallback_to_soft=False)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout as error:
            raise UserError(
                f"another process builds a corpus in {folder}; wait until it ends, or choose another --out"
            ) from error
    try:
        for place in (Path(folder), Path(state)):
            for partial in place.glob(".*.partial"):
                partial.unlink(missing_ok=True)
        yield
    finally:
        lock.release()
        _remove_if_unused(Path(state))


def _remove_if_unused(state: Path) -> None:
    """Removes the folder of a build that failed before it started."""
    if state.is_dir() and {path.name for path in state.iterdir()} <= {".lock"}:
        (state / ".lock").unlink(missing_ok=True)
        state.rmdir()
