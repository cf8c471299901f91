"""Reads a span of the sound of a file as a mono waveform at any sample rate."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from jaxtyping import Bool, Float32

from timesuite_jax.media.audio.kaldi_fbank import SAMPLE_RATE
from timesuite_jax.media.audio.mono_pieces import Piece, audio_track, decode_pieces
from timesuite_jax.media.deadline import Deadline
from timesuite_jax.media.decode import DEFAULT_DEADLINE_S
from timesuite_jax.media.video_error import VideoError
from timesuite_jax.media.video_file import Source, open_media
from timesuite_jax.timing.clips import Clip

# Timestamps that are rounded or jitter by less than this do not interrupt the sound (Matroska: 1 ms, FLV likewise).
_MAX_JITTER_S = 0.05


@dataclass(frozen=True)
class Waveform:
    """The sound of a span of a file.

    Attributes:
      samples: mono, the mean of the channels, full scale -1 to 1; zeros where `present` is False.
      present: False where the file has no sound: before a track that begins late, after one that ends early, in gaps
        and damaged parts, and everywhere if there is no audio track.
      rate: samples per second.
      start: seconds of the first sample, on the clock of the picture (`VideoIndex.times`).
      track: codec, channels and sample rate of the track; None if the file has no audio track.
      damaged: number of packets that could not be decoded.
    """

    samples: Float32[np.ndarray, " samples"]
    present: Bool[np.ndarray, " samples"]
    rate: int
    start: float
    track: str | None
    damaged: int

    @property
    def has_sound(self) -> bool:
        """Whether any sample comes from the file; it may be silence."""
        return bool(self.present.any())


def read_waveform(
    source: Source,
    span: Clip | None = None,
    *,
    rate: int = SAMPLE_RATE,
    name: str | None = None,
    deadline: Deadline | None = None,
) -> Waveform:
    """Decodes the main audio track of a video or of a file of sound, resampled by FFmpeg.

    Memory is that of the result: the file is read once, packet by packet, and decoded in the span only.

    Args:
      source: path or encoded bytes.
      span: seconds on the clock of the picture, of which the result has every sample; the end may be infinite: up to
        the end of the sound. None: from 0 to the end of the sound.
      rate: samples per second of the result.
      name: for error messages; the file name by default.
      deadline: limit of wall time; `DEFAULT_DEADLINE_S` if None.

    Raises:
      ValueError: if the span does not start at 0 or later, or is empty.
      VideoError: the file cannot be opened or read, none of its sound in the span can be decoded, or the deadline
        passed.
    """
    start, end = span or (0.0, math.inf)
    if not 0 <= start < end:
        raise ValueError(f"a span of sound has to start at 0 or later and end after its start, got {start} to {end}")
    name = name or (Path(source).name if not isinstance(source, bytes) else "(bytes)")
    damaged: list[float] = []
    with open_media(source, name) as container:
        track = audio_track(container, name)
        chunks, description = [], None
        if track is not None:
            context = track.codec_context
            description = f"{context.name}, {context.channels} channels, {context.sample_rate} Hz"
            pieces = decode_pieces(
                container, track, (start, end), deadline or Deadline(name, DEFAULT_DEADLINE_S), damaged
            )
            chunks = list(_in_span(_resampled(pieces, rate), start, end, rate))
    if damaged and not chunks:
        raise VideoError(name, f"has damaged sound ({len(damaged)} packets)", "download it again or re-encode it")
    last = max((first + len(chunk) for first, chunk in chunks), default=0)
    count = last if math.isinf(end) else round((end - start) * rate)
    samples, present = np.zeros(count, np.float32), np.zeros(count, bool)
    for first, chunk in chunks:
        samples[first : first + len(chunk)] = chunk
        present[first : first + len(chunk)] = True
    return Waveform(samples, present, rate, start, description, len(damaged))


def _in_span(
    chunks: Iterable[tuple[float, Float32[np.ndarray, " n"]]], start: float, end: float, rate: int
) -> Iterator[tuple[int, Float32[np.ndarray, " n"]]]:
    """Yields the parts of chunks that are in the span, with the position of their first sample in it."""
    limit = math.inf if math.isinf(end) else round((end - start) * rate)
    for seconds, chunk in chunks:
        first = round((seconds - start) * rate)
        from_sample, to_sample = max(-first, 0), min(len(chunk), limit - first)
        if from_sample < to_sample:
            yield first + from_sample, chunk[from_sample : int(to_sample)]


def _resampled(pieces: Iterable[Piece], rate: int) -> Iterator[tuple[float, Float32[np.ndarray, " n"]]]:
    """Yields the seconds of chunks and the chunks, resampled without a break while the sound goes on."""
    resampler, begin, taken, given, source_rate = None, 0.0, 0, 0, 0
    for piece in pieces:
        expected = begin + taken / max(source_rate, 1)
        if resampler is None or piece.rate != source_rate or abs(piece.seconds - expected) > _MAX_JITTER_S:
            if resampler is not None:
                yield begin + given / rate, _push(resampler, None)
            resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
            begin, taken, given, source_rate = piece.seconds, 0, 0, piece.rate
        chunk = _push(resampler, piece)
        yield begin + given / rate, chunk
        taken, given = taken + len(piece.samples), given + len(chunk)
    if resampler is not None:
        yield begin + given / rate, _push(resampler, None)


def _push(resampler: av.AudioResampler, piece: Piece | None) -> Float32[np.ndarray, " n"]:
    """What the resampler returns for a piece; for None, what it still has."""
    frame = None
    if piece is not None:
        frame = av.AudioFrame.from_ndarray(piece.samples[None], format="flt", layout="mono")
        frame.rate = piece.rate
    return np.concatenate([np.zeros(0, np.float32), *(out.to_ndarray()[0] for out in resampler.resample(frame))])
