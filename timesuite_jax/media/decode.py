"""Decodes selected frames of a video in one forward pass.

Four optimizations, none of which changes a pixel:
- a single pass without seeking; groups of pictures without a selected frame are demuxed but not decoded;
- non-reference frames that are not selected are skipped inside the decoder;
- decoding stops after the last selected frame;
- only selected frames are converted and resized, with one scaler for the video (`frame.reformat` builds one per call).
"""

import math
from collections.abc import Iterator, Sequence

import av.error
import numpy as np
from jaxtyping import Int, UInt8

from timesuite_jax.media.deadline import Deadline
from timesuite_jax.media.demux import demux
from timesuite_jax.media.frame_converter import FrameConverter, Resize
from timesuite_jax.media.video_error import DamagedFrame, VideoError
from timesuite_jax.media.video_file import Source, open_video
from timesuite_jax.media.video_index import VideoIndex

DEFAULT_DEADLINE_S = 120.0


def decode_frames(
    source: Source,
    index: VideoIndex,
    frame_numbers: Sequence[int] | Int[np.ndarray, " T"],
    *,
    resize: Resize | None = None,
    threads: int = 1,
    deadline: Deadline | None = None,
) -> UInt8[np.ndarray, "T H W 3"]:
    """Decodes the frames with these numbers as RGB.

    Args:
      source: path or encoded bytes.
      index: index of the same source, from `index_video`.
      frame_numbers: T positions in the index, ascending; repeats allowed.
      resize: maps the (height, width) of the upright frame to the size to return; None keeps the size. Downscaling
        averages areas (closer to Pillow's antialiased bicubic than swscale's bilinear default, and the fastest filter),
        upscaling is bicubic.
      threads: decoder threads; 0 lets FFmpeg choose. Samples are decoded in parallel, so 1 has the least overhead.
      deadline: limit of wall time; `DEFAULT_DEADLINE_S` if None.

    Returns:
      Upright frames, uint8: the rotation stored in the file is applied.

    Raises:
      ValueError: the frame numbers are empty, not ascending, or outside the index.
      VideoError: a selected frame is damaged, missing or differs in size from the first, or the deadline passed.
    """
    numbers = np.asarray(frame_numbers, np.int64)
    if len(numbers) == 0 or np.any(np.diff(numbers) < 0) or numbers[0] < 0 or numbers[-1] >= len(index):
        raise ValueError(f"frame_numbers must be ascending and in [0, {len(index)}), got {numbers}")
    deadline = deadline or Deadline(index.name, DEFAULT_DEADLINE_S)
    needed = np.unique(numbers)
    found: dict[int, np.ndarray] = {}
    # A stream that does not declare its reordering depth can lose frames when others are skipped, and keyframes can be
    # marked wrongly: decode all frames then.
    for skip in (False,) if index.order.counted else (True, False):
        missing = [number for number in needed if int(number) not in found]
        found.update(_decode_pass(source, index, missing, skip=skip, resize=resize, threads=threads, deadline=deadline))
        if len(found) == len(needed):
            break
    for number in needed:
        if number not in found:
            raise DamagedFrame(index.name, int(number), len(index), float(index.times[number]))
        if found[number].shape != found[needed[0]].shape:  # broadcast streams may change their frame size anywhere
            raise _size_changes(index, int(number))
    return np.stack([found[number] for number in numbers])


def stream_frames(
    source: Source,
    index: VideoIndex,
    frame_numbers: Int[np.ndarray, " T"],
    *,
    resize: Resize | None = None,
    threads: int = 1,
) -> Iterator[tuple[int, UInt8[np.ndarray, "H W 3"]]]:
    """Decodes frames one after another, in one pass over the file and in constant memory.

    Args:
      source: path or encoded bytes.
      index: index of the same source, from `index_video`.
      frame_numbers: positions in the index, ascending, without repeats.
      resize: see `decode_frames`.
      threads: see `decode_frames`.

    Yields:
      The number of a frame and the frame, in the order of the numbers.

    Raises:
      VideoError: a frame is damaged, missing or differs in size from the first.
    """
    needed, size = frame_numbers, None
    deadline = Deadline(index.name, math.inf)  # the consumer's time counts, too
    for skip in (False,) if index.order.counted else (True, False):
        frames = _decode_pass(source, index, needed, skip=skip, resize=resize, threads=threads, deadline=deadline)
        for number, frame in frames:
            if number != needed[0]:  # one before it was lost
                break
            size = size or frame.shape
            if frame.shape != size:
                raise _size_changes(index, number)
            yield number, frame
            needed = needed[1:]
        if not len(needed):
            return
    raise DamagedFrame(index.name, int(needed[0]), len(index), float(index.times[needed[0]]))


def _size_changes(index: VideoIndex, number: int) -> VideoError:
    return VideoError(index.name, f"changes its frame size at {index.times[number]:.2f} s", "re-encode it at one size")


def _decode_pass(source, index, needed, *, skip, resize, threads, deadline) -> Iterator[tuple[int, np.ndarray]]:
    """Decodes the needed frames as far as they can be; yields their numbers and them in the order of display."""
    needed = np.asarray(needed, np.int64)
    number_of = {int(frame): int(n) for frame, n in zip(index.order.frames[needed], needed, strict=True)}
    runs = _runs(index, needed) if skip else {}
    with open_video(source, index.name) as container:
        stream = container.streams[index.stream]
        decoder = stream.codec_context
        decoder.thread_count = threads
        decoder.thread_type = "AUTO"
        convert = FrameConverter(resize)
        remaining = set(number_of)
        run_left: set[int] = set()
        run_start, trusted = 0, True  # decoding started at this packet; it was a keyframe indeed
        counter = 0
        for position, packet in enumerate(demux(container, (stream,))):
            deadline.check()
            at_end = position == index.packets  # PyAV's request to flush the decoder
            if packet.size == 0 and not at_end:
                continue
            if skip and position in runs:
                if not run_left and position > 0:
                    decoder.flush_buffers()
                    run_start, trusted = position, False
                run_left |= runs[position]
            if skip:
                if not run_left:
                    continue
                wanted = position in run_left or position == run_start or at_end
                decoder.skip_frame = "DEFAULT" if wanted else "NONREF"
            packet.pts = position
            try:
                frames = decoder.decode(None if at_end else packet)
            except (av.error.FFmpegError, ValueError):
                frames = []  # the caller detects damage by the selected frames that are missing
            for frame in frames:
                identity = counter if index.order.counted else frame.pts
                counter += 1
                run_left.discard(identity)
                trusted = trusted or (identity == run_start and frame.key_frame)
                if identity in remaining and trusted:
                    remaining.discard(identity)
                    if not frame.is_corrupt:
                        yield number_of[identity], convert(frame)
            if not remaining:
                return


def _runs(index: VideoIndex, needed: np.ndarray) -> dict[int, set[int]]:
    """Maps the packet at which each decoding run starts to the frames needed from that run.

    A run goes on into the next group of pictures where frames of both are needed.
    """
    starts = np.unique(index.order.starts)
    group = np.searchsorted(starts, index.order.starts[needed])
    runs: dict[int, set[int]] = {}
    start = previous = -1
    for frame, key in zip(index.order.frames[needed], group, strict=True):
        if previous < 0 or key > previous + 1:
            start = int(starts[key])
        runs.setdefault(start, set()).add(int(frame))
        previous = key
    return runs
