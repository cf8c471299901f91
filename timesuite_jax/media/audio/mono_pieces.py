"""Decodes the audio track of a container as mono pieces with their times."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import av
import av.audio.stream
import av.container
import av.error
import av.format
import numpy as np
from einops import rearrange
from jaxtyping import Float32

from timesuite_jax.media.deadline import Deadline
from timesuite_jax.media.demux import demux
from timesuite_jax.media.video_error import VideoError
from timesuite_jax.timing.clips import Clip

# Decoding begins so long before a span: what codecs restore from earlier packets (overlaps, bit reservoirs, filters)
# takes up to 80 ms (Opus, RFC 7845, section 4.6).
_PREROLL_S = 0.5
# Decoding ends so long after a span, for the filter of a resampler.
_POSTROLL_S = 0.1
# A step back of the clock is a join of recordings, as is a longer step forward in formats that allow it; as for video.
_MAX_STEP_BACK_S, _MAX_STEP_FORWARD_S = 1.0, 10.0


@dataclass(frozen=True)
class Piece:
    """Consecutive samples.

    Attributes:
      seconds: time of the first sample on the clock of `media.VideoIndex`: after the start of the container.
      rate: samples per second.
      samples: mean of the channels; full scale is -1 to 1.
    """

    seconds: float
    rate: int
    samples: Float32[np.ndarray, " samples"]


def audio_track(container: av.container.InputContainer, name: str) -> av.audio.stream.AudioStream | None:
    """Returns the main audio track, that of the main picture's program; None if there is none.

    Raises:
      VideoError: its codec is unknown.
    """
    track = container.streams.best("audio", related=container.streams.best("video"))
    if not isinstance(track, av.audio.stream.AudioStream):
        if container.streams.audio:
            raise VideoError(name, "has sound in an unknown codec", "re-encode it, for example as AAC", "unknown_codec")
        return None
    return track


def decode_pieces(
    container: av.container.InputContainer,
    track: av.audio.stream.AudioStream,
    span: Clip,
    deadline: Deadline,
    damaged: list[float],
) -> Iterator[Piece]:
    """Decodes the sound of a span, and a little before and after it, in one pass without seeking.

    Packets before the span are read, not decoded.

    Args:
      container: freshly opened.
      track: of the container.
      span: seconds on the clock of `media.VideoIndex`; the end may be infinite.
      deadline: limit of wall time.
      damaged: takes the times of packets in the span that cannot be decoded; NaN where a packet has no time.
    """
    decoder = track.codec_context
    unit, origin = float(track.time_base or 0), (container.start_time or 0) / 1e6
    resets = bool(container.format.flags & av.format.Flags.ts_discont.value)
    start, end = span[0] - _PREROLL_S, span[1] + _POSTROLL_S
    shift, packet_end, piece_end = 0.0, None, 0.0
    for packet in demux(container, (track,)):
        deadline.check()
        seconds = math.nan
        if packet.size and packet.pts is not None:
            seconds = packet.pts * unit - origin + shift
            if packet_end is not None and _is_join(seconds - packet_end, resets=resets):
                shift += packet_end - seconds
                seconds = packet_end
            packet_end = seconds + (packet.duration or 0) * unit
            if packet_end < start:
                continue
        try:
            frames = decoder.decode(packet if packet.size else None)
        except (av.error.FFmpegError, ValueError):
            damaged.append(seconds)
            continue
        for frame in frames:
            seconds = piece_end if frame.pts is None else frame.pts * unit - origin + shift
            if seconds >= end:
                return
            piece = Piece(seconds, frame.rate, _mono(frame))
            piece_end = seconds + frame.samples / frame.rate
            if np.isfinite(piece.samples).all():
                yield piece
            else:
                damaged.append(seconds)


def _is_join(step: float, *, resets: bool) -> bool:
    return step < -_MAX_STEP_BACK_S or (resets and step > _MAX_STEP_FORWARD_S)


def _mono(frame: av.AudioFrame) -> Float32[np.ndarray, " samples"]:
    """The mean of the channels of a frame in any sample format."""
    samples = frame.to_ndarray()
    if frame.format.is_packed:
        samples = rearrange(samples, "1 (samples channels) -> channels samples", channels=frame.layout.nb_channels)
    mean = samples.astype(np.float64).mean(axis=0)
    if samples.dtype == np.uint8:
        mean = (mean - 128) / 128
    elif samples.dtype.kind == "i":
        mean = mean / 2.0 ** (8 * samples.itemsize - 1)
    return mean.astype(np.float32)
