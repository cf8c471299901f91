"""Indexes the frames of a video: how many there are, when each is displayed, and where decoding has to start for it.

Headers can be wrong (a duration of ten hours for a hundred frames, no duration, a rate of 0), so nothing is taken from
them that the packets show. Packets suffice where their timestamps can be trusted (`packet_order`); other streams are
decoded once (`decoding_order`).
"""

from dataclasses import dataclass
from pathlib import Path

import av.container
import av.format
import av.video.stream
import numpy as np
from jaxtyping import Float

from timesuite_jax.media.blank_packets import check_last_frames
from timesuite_jax.media.completeness import Ending, ending, open_complete_video
from timesuite_jax.media.deadline import Deadline
from timesuite_jax.media.decoding_order import order_by_decoding
from timesuite_jax.media.frame_order import FrameOrder
from timesuite_jax.media.frame_times import Clock, frame_times
from timesuite_jax.media.joined_streams import check_joined
from timesuite_jax.media.packet_order import order_by_timestamps
from timesuite_jax.media.packet_table import read_packets
from timesuite_jax.media.video_error import VideoError
from timesuite_jax.media.video_file import Source
from timesuite_jax.media.video_stream import candidate_streams, choose_stream, unused_tracks


@dataclass(frozen=True)
class VideoIndex:
    """The frames of a video, in order of display.

    Attributes:
      name: file name or record id, for error messages.
      stream: number of the main video stream among the streams of the container.
      packets: number of packets of the stream.
      order: identity of each frame, and where decoding starts for it.
      times: presentation time of each frame on a player's clock: seconds after the start of the container, which is the
        start of the sound if that begins before the picture.
      duration: end of the last frame, on the same clock.
      average_rate: frames per second declared by the container (what `get_avg_fps` of upstream's decord returns).
      recordings: number of recordings that were joined, each with a clock of its own; 1 for an ordinary video.
      unused: descriptions of other video tracks of more than one frame.
      ending: what the file shows of its end: unless "shown", it may be truncated.
    """

    name: str
    stream: int
    packets: int
    order: FrameOrder
    times: Float[np.ndarray, " frames"]
    duration: float
    average_rate: float
    recordings: int
    unused: tuple[str, ...]
    ending: Ending

    def __len__(self) -> int:
        return len(self.times)


def index_video(
    source: Source,
    *,
    name: str | None = None,
    deadline: Deadline | None = None,
    threads: int = 1,
    exact: bool = False,
) -> VideoIndex:
    """Indexes the frames of a video: of its default video track that is not a still picture.

    Args:
      source: path or encoded bytes.
      name: name for error messages; the file name by default.
      deadline: limit of wall time; unlimited if None.
      threads: decoder threads, for streams that have to be decoded.
      exact: decode the stream even if its timestamps look right.

    Raises:
      VideoError: the file cannot be opened, has fewer than two frames or zero duration, is truncated, joins
        recordings that need several decoders, or the deadline passed.
    """
    name = name or (Path(source).name if not isinstance(source, bytes) else "(bytes)")
    with open_complete_video(source, name) as container:
        streams = candidate_streams(container, name)
        tables = read_packets(container, streams, name, deadline)
        chosen = choose_stream(streams, tables)
        stream, packets = streams[chosen], tables[chosen]
        check_joined(source, name, container, streams, tables, chosen)
        check_last_frames(packets, stream.codec_context.name, name)
        if len(packets) < stream.frames and stream.duration == 0:
            raise VideoError(
                name, f"has zero duration ({stream.frames} frames in 0 s)", "re-encode it", "zero_duration"
            )
        if not np.any(packets.displayed):
            raise VideoError(name, "has no frames", "download it again or re-encode it", "too_few_frames")
        if np.sum(packets.displayed) == 1:
            raise VideoError(name, "has a single frame", "give a video of at least two frames", "too_few_frames")
        clock = _clock(container, stream)
        order = None if exact else order_by_timestamps(source, name, container, stream, packets)
        number, unused = stream.index, unused_tracks(streams, tables, chosen)
    if order is None:
        order = order_by_decoding(source, name, number, packets, threads=threads, deadline=deadline)
    if len(order) < 2:
        raise VideoError(name, f"has {len(order)} frames that can be decoded", "download it again or re-encode it")
    shown = frame_times(name, order, packets, clock)
    if shown.recordings > 1 and not order.exact:  # decoders may lose frames at a join
        order = order_by_decoding(source, name, number, packets, threads=threads, deadline=deadline)
        shown = frame_times(name, order, packets, clock)
    return VideoIndex(
        name=name,
        stream=number,
        packets=len(packets),
        order=order,
        times=shown.times,
        duration=shown.duration,
        average_rate=clock.rate or (len(order) - 1) / float(shown.times[-1] - shown.times[0]),
        recordings=shown.recordings,
        unused=unused,
        ending=ending(source),
    )


def _clock(container: av.container.InputContainer, stream: av.video.stream.VideoStream) -> Clock:
    return Clock(
        time_base=float(stream.time_base or 0),
        rate=float(stream.average_rate or 0),
        start=None if container.start_time is None else container.start_time / 1e6,
        resets=bool(container.format.flags & av.format.Flags.ts_discont.value),
    )
