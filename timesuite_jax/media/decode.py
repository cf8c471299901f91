"""Decodes selected frames of a video in one forward pass.

Four optimizations, none of which changes a pixel:
- a single pass without seeking; groups of pictures without a selected frame are demuxed but not decoded;
- non-reference frames that are not selected are skipped inside the decoder;
- decoding stops after the last selected frame;
- only selected frames are converted and resized, with one scaler for the video (`frame.reformat` builds one per call).
"""

from collections.abc import Sequence

import av.error
import numpy as np
from jaxtyping import Int, UInt8

from timesuite_jax.media.deadline import Deadline
from timesuite_jax.media.frame_converter import FrameConverter, Resize
from timesuite_jax.media.video_error import VideoError
from timesuite_jax.media.video_index import Source, VideoIndex, open_video

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
    # A stream that does not declare its reordering depth can lose frames when others are skipped: decode them all then.
    for skip in (False,) if index.counted else (True, False):
        _decode_pass(source, index, needed, found, skip=skip, resize=resize, threads=threads, deadline=deadline)
        if len(found) == len(needed):
            break
    for number in needed:
        if number not in found:
            raise VideoError(
                index.name,
                f"has a damaged frame: number {number} of {len(index)}, at {index.times[number]:.2f} s",
                "download it again or re-encode it",
            )
        if found[number].shape != found[needed[0]].shape:  # broadcast streams may change their frame size anywhere
            raise VideoError(
                index.name, f"changes its frame size at {index.times[number]:.2f} s", "re-encode it at one size"
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
        convert = FrameConverter(resize)
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
                frames = []  # the caller detects damage by the selected frames that are missing
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
    """Maps the keyframe at which each decoding run starts to the timestamps needed from that run.

    Frames displayed before a keyframe may be stored after it and depend on the preceding group of pictures as well. A
    run that starts at the last keyframe at or before the frame and continues until the decoder outputs the frame
    covers these too.
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
