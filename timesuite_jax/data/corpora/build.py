"""Builds a corpus from annotations and a folder of videos.

Every video is decoded before it is accepted. One that cannot be decoded goes to the quarantine list with the reason; it
is never replaced by another (the original substitutes a random video under the same question). Annotated spans are
compared with the video (see `bad_spans`).

The records about a video are a pure function of its file and its annotations (`build_video`), and a shard one of the
videos in it, so that neither workers nor interruptions influence a byte.
"""

import functools
import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from etils import epath

from timesuite_jax.data.corpora.annotation_set import AnnotationSet, read_annotation_set
from timesuite_jax.data.corpora.beam_build import BeamRunner, write_shards_on_beam
from timesuite_jax.data.corpora.build_plan import ShardPlan, count_videos, describe_settings, plan_shards
from timesuite_jax.data.corpora.build_spec import BuildSpec
from timesuite_jax.data.corpora.build_state import (
    check_can_build,
    complete_corpus,
    discard_build,
    finish_build,
    finished_shard,
    lock_build,
    note_finished,
    start_build,
)
from timesuite_jax.data.corpora.build_video import VideoBuilder, group_by_video
from timesuite_jax.data.corpora.corpus import CorpusInfo, check_name
from timesuite_jax.data.corpora.manifest import write_info
from timesuite_jax.data.corpora.quarantine import QuarantinedVideo, by_path
from timesuite_jax.data.corpora.record import example_class
from timesuite_jax.data.corpora.shard import ShardSummary, write_shard
from timesuite_jax.data.corpora.worker_pool import WorkerPool
from timesuite_jax.data.sources import ReadOptions
from timesuite_jax.errors import UserError
from timesuite_jax.progress import track
from timesuite_jax.storage.remote_path import to_path


def build_corpus(
    annotations: str | Path | AnnotationSet,
    videos: epath.PathLike,
    out: epath.PathLike,
    spec: BuildSpec,
    *,
    workers: int = 0,
    runner: BeamRunner | None = None,
    quarantine: Sequence[QuarantinedVideo] = (),
    quiet: bool = False,
) -> CorpusInfo:
    """Builds the corpus folder `out`, or continues a build of it that was interrupted.

    Args:
      annotations: an annotation file, or its content.
      videos: folder that the paths in it are relative to, on a disk or in a bucket.
      out: folder to create, on a disk or in a bucket.
      spec: how the corpus is stored.
      workers: processes that decode videos, which are killed if a video hangs or crashes them; 0: this process decodes.
      runner: builds the shards on Apache Beam instead; the bytes are the same.
      quarantine: videos to reject without looking at them.
      quiet: show no progress bar.

    Raises:
      UserError: the annotations are wrong, a folder cannot be used, no video can, or `out` holds a corpus or an
        unfinished build with other settings.
    """
    check_name(spec.corpus)
    given = annotations
    if not isinstance(given, AnnotationSet):
        given = read_annotation_set(given, videos, ReadOptions(spec.task))
    root, folder = to_path(videos), to_path(out)
    if not root.is_dir():
        raise UserError(
            f"there is no folder of videos {videos}; give the folder that the paths in the annotations are relative to"
        )
    check_can_build(folder)
    example_class()  # imported here, before threads and progress bars start
    excluded = by_path(quarantine, root)
    settings = describe_settings(given, root, spec, tuple(excluded.values()))
    groups = group_by_video(given.annotations)
    with lock_build(folder):
        if (complete := complete_corpus(folder, settings)) is not None:
            finish_build(folder)
            return complete
        counts = start_build(folder, settings, lambda: count_videos(groups, root, spec))
        shards = plan_shards(groups, counts, spec.corpus)
        build = VideoBuilder(root, spec, excluded)
        if runner is not None:
            pending = [shard for shard in shards if finished_shard(folder, shard.name) is None]
            write_shards_on_beam(folder, pending, build, runner, workers)
        summaries = _write_shards(folder, shards, build, workers, quiet=quiet)
        if not any(summary.records for summary in summaries):
            discard_build(folder, summaries)  # so that a corrected one can start in this folder
        info = write_info(
            folder,
            spec.corpus,
            summaries,
            on_bad_span=spec.on_bad_span,
            rejected=[replace(one, id=f"{spec.corpus}/{one.id}") for one in given.rejected],
            source=given.source,
            classes=given.classes,
            settings=settings,
        )
        finish_build(folder)
    return info


def _write_shards(
    folder: epath.Path, shards: Sequence[ShardPlan], build: VideoBuilder, workers: int, *, quiet: bool
) -> list[ShardSummary]:
    """Writes the shards that are not complete yet, one after the other, and returns the summaries of all."""
    summaries = {shard.name: finished_shard(folder, shard.name) for shard in shards}
    pending = [shard for shard in shards if summaries[shard.name] is None]
    videos = [group for shard in pending for group in shard.videos]
    with WorkerPool(build.build, workers, build.time_limit) as pool:
        built = build.build_all(videos, pool.map if workers else functools.partial(map, build.build))
        results = iter(track(built, f"building {build.spec.corpus}", len(videos), quiet=quiet))
        for shard in pending:
            summary = write_shard(folder / shard.name, itertools.islice(results, len(shard.videos)))
            note_finished(folder, summary)
            summaries[shard.name] = summary
    return [summary for summary in summaries.values() if summary is not None]
