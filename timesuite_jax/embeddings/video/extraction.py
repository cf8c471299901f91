"""Extracts features of many videos: windows of several videos share batches, decoding runs ahead of the device."""

import contextlib
import itertools
import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from etils import epath
from jaxtyping import Float, UInt8

from timesuite_jax import parallel
from timesuite_jax.embeddings.video.feature_file import VideoFeatures
from timesuite_jax.embeddings.video.request import FeatureEncoder, FeatureRequest, feature_settings
from timesuite_jax.embeddings.video.source_identity import source_identity
from timesuite_jax.embeddings.video.window_stream import Window, video_windows
from timesuite_jax.layers import logical_sharding
from timesuite_jax.media import VideoError
from timesuite_jax.param_tree import Params
from timesuite_jax.storage.staging import staged_file

_READ_AHEAD = 2  # batches


class _Item(NamedTuple):
    """What a decoding thread hands over: a window of a video, or why there are no more of it."""

    video: int
    content: Window | VideoError
    source: Mapping[str, Any]  # of the file that was decoded, see `source_identity`


def extract_features(
    params: Params,
    encoder: FeatureEncoder,
    request: FeatureRequest,
    videos: Sequence[epath.PathLike],
    *,
    batch_size: int,
    threads: int = 1,
    settings: Mapping[str, Any] | None = None,
    on_batch: Callable[[int], None] = lambda number: None,
) -> Iterator[tuple[int, VideoFeatures | VideoError]]:
    """Yields the features of each video, as soon as they are complete, or why it cannot be used.

    Memory holds some batches of windows and the features of the videos under way. With several processes each gives its
    own videos, and all must call this together.

    Args:
      params: of the model.
      encoder: of the model.
      request: windows and features.
      videos: paths, on a disk or in a bucket; a copy of one in a bucket exists while it is decoded.
      batch_size: windows of all processes together at a time; does not change the features.
      threads: videos that are decoded at the same time. One, where processes work on the same videos: they must read
        windows in the same order.
      settings: what else decided the values, to be stored with them and with `feature_settings`.
      on_batch: called with the number of each batch, from 1, when its windows are decoded.

    Yields:
      The number of a video in `videos`, and its features.
    """
    rows = logical_sharding("batch")
    share, _ = batch_share()
    if share.count < jax.process_count():
        threads = 1
    multiple = 1 if rows is None else parallel.batch_multiple(rows)
    local = (batch_size + -batch_size % multiple) // share.count
    encode = jax.jit(encoder.encode)
    collected: dict[int, list[tuple[Window, np.ndarray]]] = {}
    complete: list[tuple[int, VideoFeatures | VideoError]] = []
    failed: set[int] = set()
    sources: dict[int, Mapping[str, Any]] = {}
    stored = feature_settings(request, encoder, settings)
    with _decoded(videos, encoder, request, threads, _READ_AHEAD * local) as items:
        for number in itertools.count(1):
            batch: list[tuple[int, Window]] = []
            for item in items:
                if isinstance(item.content, VideoError):
                    failed.add(item.video)
                    collected.pop(item.video, None)
                    sources.pop(item.video, None)
                    complete.append((item.video, item.content))
                    continue
                batch.append((item.video, item.content))
                sources[item.video] = item.source
                if len(batch) == local:
                    break
            on_batch(number)
            # All processes encode as long as one of them has windows.
            if not any(word == "1" for word in parallel.allgather_strings(["1" if batch else "0"])):
                yield from complete
                return
            frames = _padded([window.frames for _, window in batch], local, encoder)
            features = encode(
                params, frames if rows is None else parallel.put_batch({"frames": frames}, rows)["frames"]
            )
            features = np.asarray(features if rows is None else parallel.local_rows(features, rows), np.float32)
            for (video, window), values in zip(batch, features, strict=False):
                if video in failed:  # after windows that are in this batch
                    continue
                collected.setdefault(video, []).append((window._replace(frames=window.frames[:0]), values))
                if len(collected[video]) == window.count:
                    decisive = {**stored, "source": sources.pop(video)}
                    complete.append((video, _joined(collected.pop(video), request, decisive)))
            yield from complete
            complete.clear()


def batch_share() -> tuple[parallel.ProcessShard, bool]:
    """This process's part of the videos, and whether it is the first process of those with the same part."""
    rows = logical_sharding("batch")
    if rows is None:
        return parallel.UNSHARDED, True
    shares = parallel.partition(rows)
    own = shares[jax.process_index()]
    return own, jax.process_index() == min(index for index, share in shares.items() if share == own)


def features_of_videos(
    params: Params,
    encoder: FeatureEncoder,
    request: FeatureRequest,
    videos: Sequence[epath.PathLike],
    *,
    batch_size: int = 8,
) -> list[VideoFeatures]:
    """The features of some videos, in their order; see `extract_features`, which is for many.

    Raises:
      VideoError: one of them cannot be used.
    """
    found = dict(extract_features(params, encoder, request, videos, batch_size=batch_size))
    for content in found.values():
        if isinstance(content, VideoError):
            raise content
    return [content for _, content in sorted(found.items()) if isinstance(content, VideoFeatures)]


def _padded(
    frames: Sequence[UInt8[np.ndarray, "F H W 3"]], rows: int, encoder: FeatureEncoder
) -> UInt8[np.ndarray, "rows F H W 3"]:
    """A batch of `rows` windows; blank ones follow those there are."""
    size = encoder.image_size
    blank = np.zeros((encoder.num_frames, size, size, 3), np.uint8)
    return np.stack([*frames, *[blank] * (rows - len(frames))])


def _joined(
    parts: Sequence[tuple[Window, Float[np.ndarray, "rows D"]]], request: FeatureRequest, settings: Mapping[str, Any]
) -> VideoFeatures:
    """The features of a video from those of its windows."""
    parts = sorted(parts, key=lambda part: part[0].number)
    values = np.stack([values for _, values in parts])
    spans = np.asarray([window.span for window, _ in parts])
    if request.level == "video":
        return VideoFeatures(values[:, 0].mean(0, keepdims=True), np.asarray([[spans[0, 0], spans[-1, 1]]]), settings)
    if request.level == "frame":
        times = np.concatenate([window.seconds for window, _ in parts])
        return VideoFeatures(values.reshape(-1, values.shape[-1]), np.stack([times, times], axis=1), settings)
    return VideoFeatures(values if request.tokens else values[:, 0], spans, settings)


@contextlib.contextmanager
def _decoded(
    videos: Sequence[epath.PathLike], encoder: FeatureEncoder, request: FeatureRequest, threads: int, ahead: int
) -> Iterator[Iterator[_Item]]:
    """Windows of all videos, decoded by threads that each take the next video."""
    ready: queue.Queue[_Item | BaseException | None] = queue.Queue(maxsize=max(ahead, 1))
    pending = iter(enumerate(videos))
    lock, stop = threading.Lock(), threading.Event()

    def put(item: _Item | BaseException | None) -> None:
        while not stop.is_set():
            with contextlib.suppress(queue.Full):
                ready.put(item, timeout=0.1)
                return

    def decode() -> None:
        try:
            while not stop.is_set():
                with lock:
                    number, video = next(pending, (None, ""))
                if number is None:
                    break
                try:
                    with staged_file(video) as source:
                        identity: Mapping[str, Any] = {}
                        for window in video_windows(source, str(video), encoder, request):
                            identity = identity or source_identity(source)
                            put(_Item(number, window, identity))
                except VideoError as error:
                    put(_Item(number, error, {}))
        except BaseException as error:  # raised where the windows are used
            put(error)
        put(None)

    workers = [threading.Thread(target=decode, daemon=True) for _ in range(threads)]
    for worker in workers:
        worker.start()

    def items() -> Iterator[_Item]:
        running = len(workers)
        while running:
            item = ready.get()
            if isinstance(item, BaseException):
                raise item
            if item is None:
                running -= 1
            else:
                yield item

    try:
        yield items()
    finally:
        stop.set()
        for worker in workers:
            worker.join()
