"""Plans which video goes into which shard, before any is decoded."""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from etils import epath

from timesuite_jax.data.corpora.annotation_set import AnnotationSet
from timesuite_jax.data.corpora.build_spec import BuildSpec
from timesuite_jax.data.corpora.build_video import VideoGroup
from timesuite_jax.data.corpora.make_record import frames_at_rate
from timesuite_jax.data.corpora.quarantine import QuarantinedVideo
from timesuite_jax.data.corpora.record import SCHEMA_VERSION
from timesuite_jax.data.corpora.tfrecord import shard_name
from timesuite_jax.media.container_duration import container_duration
from timesuite_jax.storage.range_reader import file_size
from timesuite_jax.storage.remote_path import absolute

_LISTING_THREADS = 32  # requests for sizes to a bucket at the same time
_JPEG_BYTES_PER_PIXEL = 0.2  # of frames at 16:9 and the default quality
_ASPECT = 16 / 9


@dataclass(frozen=True)
class ShardPlan:
    """A shard: the name of its file, and the videos in it."""

    name: str
    videos: tuple[VideoGroup, ...]


def plan_shards(groups: Sequence[VideoGroup], counts: Sequence[int], corpus: str) -> list[ShardPlan]:
    """Divides videos among shards, in order.

    Args:
      groups: videos with their annotations.
      counts: number of videos of each shard.
      corpus: name of the corpus.
    """
    ends = np.cumsum(counts).tolist()
    return [
        ShardPlan(shard_name(corpus, number, len(counts)), tuple(groups[end - count : end]))
        for number, (count, end) in enumerate(zip(counts, ends, strict=True))
    ]


def count_videos(groups: Sequence[VideoGroup], root: Path | epath.Path, spec: BuildSpec) -> list[int]:
    """Returns how many videos each shard has: equally many, or as many as fit into a size."""
    if spec.shard_mb is None:
        shards = max(min(spec.shards, len(groups)), 1)
        return [len(part) for part in np.array_split(np.arange(len(groups)), shards)]
    counts, filled = [0], 0.0
    for size in _estimate_sizes(groups, root, spec):
        if counts[-1] and filled + size > spec.shard_mb * 1e6:
            counts.append(0)
            filled = 0.0
        counts[-1] += 1
        filled += size
    return counts


def _estimate_sizes(groups: Sequence[VideoGroup], root: Path | epath.Path, spec: BuildSpec) -> list[float]:
    """Estimates the bytes that each video takes: those of its file, or of its frames."""
    frame = spec.frame_side**2 * _ASPECT * _JPEG_BYTES_PER_PIXEL
    if spec.frames is not None:
        return [frame * spec.frames * len({one.clip for one in group.annotations}) for group in groups]

    def size(group: VideoGroup) -> float:
        try:
            if spec.fps is not None and (duration := container_duration(root / group.video)):
                clips = {one.clip for one in group.annotations}
                return frame * sum(frames_at_rate(clip, duration, spec.fps) for clip in clips)
            return float(file_size(root / group.video))
        except OSError:
            return 0.0  # rejected later

    with ThreadPoolExecutor(_LISTING_THREADS) as pool:
        return list(pool.map(size, groups))


def describe_settings(
    annotations: AnnotationSet, videos: epath.PathLike, spec: BuildSpec, quarantine: Sequence[QuarantinedVideo]
) -> dict[str, Any]:
    """Returns what the bytes of a corpus depend on, as JSON values."""
    return {
        "schema": SCHEMA_VERSION,
        **asdict(spec),
        "videos": str(absolute(videos)),
        "annotations": _digest(annotations),
        "quarantine": _digest(tuple(quarantine)) if quarantine else None,
    }


def _digest(value: Any) -> str:
    """Hash of a value that its text describes completely."""
    return hashlib.blake2b(repr(value).encode(), digest_size=8).hexdigest()
