"""Extracts features of many videos into a folder, with one process or several; resumes after a kill."""

import functools
import hashlib
import math
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
from etils import epath

from timesuite_jax import parallel
from timesuite_jax.embeddings.video.extraction import batch_share, extract_features
from timesuite_jax.embeddings.video.feature_file import read_features, write_features
from timesuite_jax.embeddings.video.inputs import Extraction
from timesuite_jax.embeddings.video.request import FeatureEncoder, FeatureRequest
from timesuite_jax.embeddings.video.source_identity import source_identity
from timesuite_jax.errors import UserError
from timesuite_jax.media import VideoError
from timesuite_jax.param_tree import Params
from timesuite_jax.progress import progress_bar
from timesuite_jax.resilience.liveness import Heartbeats
from timesuite_jax.resilience.preemption import PreemptionHandler
from timesuite_jax.storage.write_errors import explain_write_errors

HEARTBEATS = ".processes"  # in the folder of the features, written by several processes only
_READERS = 8  # threads, for latency of a bucket
_OTHER = "choose another --out, or remove the file"
_AGAIN = "repeat the command, it continues with the videos that have no file"


def pending_extractions(plan: Sequence[Extraction], settings: Mapping[str, Any]) -> list[Extraction]:
    """The videos for which no process has a file; all processes must call this at the same place.

    Args:
      plan: all videos, the same in all processes.
      settings: see `feature_settings`.

    Raises:
      UserError: a file has features of other settings, of another video or of another content of this one, or the
        processes have different videos.
    """
    names = "\n".join(str(part) for one in plan for part in one)
    plans = parallel.allgather_strings([f"{len(plan)} {hashlib.sha256(names.encode()).hexdigest()}"])
    if len(set(plans)) > 1:
        counts = ", ".join(text.partition(" ")[0] for text in plans)
        raise UserError(
            f"the processes have different videos ({counts}); give all of them the same paths, of the same content"
        )
    done = set(parallel.allgather_strings(parallel.run_on_all_processes(lambda: _done(plan, settings))))
    return [one for one in plan if str(one.output) not in done]


def _done(plan: Sequence[Extraction], settings: Mapping[str, Any]) -> list[str]:
    """The files there are.

    Raises:
      UserError: one has features of other settings or of another video.
    """
    with ThreadPoolExecutor(_READERS) as readers:
        return [found for found in readers.map(functools.partial(_done_file, settings=settings), plan) if found]


def _done_file(one: Extraction, settings: Mapping[str, Any]) -> str | None:
    """The file of a video, if there is one."""
    if not one.output.exists():
        return None
    stored = read_features(one.output).settings
    try:
        source = source_identity(one.video)
    except OSError:
        return None  # reported as a video that cannot be used
    wanted, there = _flat(settings), _flat(stored)
    if name := next((name for name in wanted if name not in there or there[name] != wanted[name]), None):
        value = f"{name}={there[name]}" if name in there else f"an unknown {name}"
        raise UserError(f"{one.output} has features with {value}, not {wanted[name]}; {_OTHER}")
    if stored.get("source") != source:
        raise UserError(f"{one.output} has features of another file than {one.video} as it is now; {_OTHER}")
    return str(one.output)


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Settings by their path, `model.dtype`."""
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {f"{prefix}{name}": value}
    return flat


def extract_files(
    params: Params,
    encoder: FeatureEncoder,
    request: FeatureRequest,
    pending: Sequence[Extraction],
    folder: epath.Path,
    *,
    batch_size: int,
    threads: int,
    settings: Mapping[str, Any],
) -> int:
    """Writes the features of all videos, each process those of its share; a video that cannot be used is named.

    Processes compute batches together. If one of them fails or is killed, all end, and name it.

    Args:
      params: of the model.
      encoder: of the model.
      request: windows and features.
      pending: of `pending_extractions`.
      folder: of all files.
      batch_size: see `extract_features`.
      threads: see `extract_features`.
      settings: see `extract_features`.

    Returns:
      The number of videos that cannot be used, of all processes.

    Raises:
      UserError: a file cannot be written.
    """
    share, writes = batch_share()
    own = pending[share.index :: share.count]
    failed = []
    heartbeats = Heartbeats(folder / HEARTBEATS, PreemptionHandler(), math.inf, remedy=_AGAIN)
    with explain_write_errors(folder, "folder"):
        folder.mkdir(parents=True, exist_ok=True)
    with heartbeats, progress_bar("extracting", len(own), quiet=jax.process_index() > 0) as advance:
        found = extract_features(
            params,
            encoder,
            request,
            [one.video for one in own],
            batch_size=batch_size,
            threads=threads,
            settings=settings,
            on_batch=heartbeats.begin_step,
        )
        for number, content in found:
            advance(1)
            if isinstance(content, VideoError):
                failed.append(str(own[number].video))
                if writes:
                    print(f"timesuite features: {content}", file=sys.stderr)
            elif writes:
                output = own[number].output
                with explain_write_errors(output, "folder"):
                    output.parent.mkdir(parents=True, exist_ok=True)
                    write_features(output, content)
        return len(set(parallel.allgather_strings(failed)))
