"""Decodes chosen frames of a video in one forward pass.

What makes it quick, and changes no pixel:
- one pass, no seek; groups of pictures that hold no wanted frame are read but not decoded;
- pictures that nothing refers to and nobody wants are skipped inside the decoder;
- decoding stops after the last wanted frame;
- only wanted frames are converted and resized, by one shared scaler (`frame.reformat` would build one each time).
"""

from collections.abc import Callable, Sequence

import av
import av.error
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter
from jaxtyping import Int, UInt8

from timesuite_jax.media.deadline import Deadline
from timesuite_jax.media.video_error import VideoError
from timesuite_jax.media.video_index import Source, VideoIndex, open_video

Resize = Callable[[int, int], tuple[int, int]]
DEFAULT_DEADLINE_S = 120.0


def decode_frames(
    source: Source,
    index: VideoIndex,
    wanted: Sequence[int] | Int[np.ndarray, " T"],
    *,
    resize: Resize | None = None,
    threads: int = 1,
    deadline: Deadline | None = None,
) -> UInt8[np.ndarray, "T H W 3"]:
    """Decodes the frames at positions `wanted` of the index (ascending; repeats allowed) as RGB.

    Args:
      source: path or encoded bytes.
      index: of the same source, from `index_video`.
      wanted: T frame numbers.
      resize: from the upright frame's (height, width) to the size that is returned, applied while decoding: by area
        averages where it shrinks (nearer to Pillow's antialiased bicubic than swscale's bilinear default, and the
        quickest), bicubic otherwise; None keeps the size.
      threads: of the decoder; 0 lets FFmpeg choose. Samples are decoded side by side, so 1 wastes least.
      deadline: time limit.

    Returns:
      Upright frames: the rotation stored in the file is applied.

    Raises:
      VideoError: a wanted frame is damaged, missing or of another size than the first, or the deadline passed.
    """
    numbers = np.asarray(wanted, np.int64)
    if len(numbers) == 0 or np.any(np.diff(numbers) < 0) or numbers[0] < 0 or numbers[-1] >= len(index):
        raise ValueError(f"wanted must be ascending frame numbers in [0, {len(index)}), got {numbers}")
    deadline = deadline or Deadline(index.name, DEFAULT_DEADLINE_S)
    needed = np.unique(numbers)
    found: dict[int, np.ndarray] = {}
    # A stream that hides how far its frames are reordered can lose some when others are skipped: then decode them all.
    for skip in (False,) if index.counted else (True, False):
        _decode_pass(source, index, needed, found, skip=skip, resize=resize, threads=threads, deadline=deadline)
        if len(found) == len(needed):
            break
    for number in needed:
        if number not in found:
            raise VideoError(
                index.name,
                f"has a damaged frame: number {number} of {len(index)}, at {index.times[number]:.2f} s",
                "download or encode it again",
            )
        if found[number].shape != found[needed[0]].shape:  # a broadcast may change its size where it likes
            raise VideoError(
                index.name, f"changes the size of its picture, at {index.times[number]:.2f} s", "encode it at one size"
            )
    return np.stack([found[number] for number in numbers])


def _decode_pass(source, index, needed, found, *, skip, resize, threads, deadline) -> None:
    number_of = {int(index.pts[n]): int(n) for n in needed if int(n) not in found}
    starts = _run_starts(index, needed) if skip else {}
    with open_video(source, index.name) as container:
        stream = container.streams.video[0]
        decoder = stream.codec_context
        decoder.thread_count = threads
        decoder.thread_type = "AUTO"
        convert = _Converter(resize)
        remaining = set(number_of)
        run_left: set[int] = set()
        counter = 0
        for packet in container.demux(stream):
            deadline.check()
            if skip and not run_left:
                if packet.pts not in starts or not packet.is_keyframe:
                    continue
                decoder.flush_buffers()
                run_left = set(starts[packet.pts])
            if skip:
                decoder.skip_frame = "DEFAULT" if packet.pts in run_left or packet.size == 0 else "NONREF"
            try:
                frames = decoder.decode(packet if packet.size else None)
            except (av.error.FFmpegError, ValueError):
                frames = []  # damage is judged by whether the wanted frames come out, below and in the caller
            for frame in frames:
                stamp = counter if index.counted else frame.pts
                counter += 1
                run_left.discard(stamp)
                if stamp in remaining:
                    remaining.discard(stamp)
                    if not frame.is_corrupt:
                        found[number_of[stamp]] = convert(frame)
            if not remaining:
                return


def _run_starts(index: VideoIndex, needed: np.ndarray) -> dict[int, list[int]]:
    """Keyframe at which each run of decoding starts -> stamps wanted from that run.

    Frames shown before a keyframe may be stored after it and need the group before as well; a run that starts at the
    last keyframe not after the frame, and goes on until the frame is out, is right for these too.
    """
    stamps = index.pts[needed]
    group = np.maximum(np.searchsorted(index.keyframe_pts, stamps, side="right") - 1, 0)
    runs: dict[int, list[int]] = {}
    start = previous = -1
    for stamp, key in zip(stamps, group, strict=True):
        if previous < 0 or key > previous + 1:
            start = int(index.keyframe_pts[key])
        runs.setdefault(start, []).append(int(stamp))
        previous = key
    return runs


class _Converter:
    """Frame -> upright RGB array, through one scaler for the whole video."""

    def __init__(self, resize: Resize | None):
        self._resize = resize
        self._scaler = VideoReformatter()

    def __call__(self, frame: "av.VideoFrame") -> UInt8[np.ndarray, "H W 3"]:
        quarter_turns = round(frame.rotation / 90) % 4
        height, width = frame.height, frame.width
        if self._resize is not None:
            if quarter_turns % 2:
                width, height = self._resize(width, height)
            else:
                height, width = self._resize(height, width)
        shrinks = height <= frame.height and width <= frame.width and (height, width) != (frame.height, frame.width)
        filter_ = Interpolation.AREA if shrinks else Interpolation.BICUBIC
        # Scaling into packed RGB, or turning 10 bits or nv12 into it, swscale halves the width of the colours and loses
        # one to three levels of brightness; into planes it does neither, and is quicker where it scales.
        rgb = self._scaler.reformat(frame, width=width, height=height, format="gbrp", interpolation=filter_, threads=1)
        # FFmpeg states the turn counter-clockwise, as numpy turns.
        return np.ascontiguousarray(np.rot90(rgb.to_ndarray(), quarter_turns))
