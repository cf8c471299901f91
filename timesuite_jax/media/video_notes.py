"""Notes on usable videos whose times may not be what an annotator saw, or of which frames are missing or not used."""

from typing import Literal, NamedTuple

from timesuite_jax.media.video_index import VideoIndex

_MIN_OFFSET_S = 0.05  # smaller ones round to 0.0 s


class VideoNote(NamedTuple):
    """Something unusual about a video: its kind, and a sentence."""

    kind: Literal["clock", "unused_track", "lost_frames", "perhaps_truncated"]
    text: str


def video_notes(index: VideoIndex) -> list[VideoNote]:
    """Describes what is unusual about the clock, the frames and the end of a video."""
    notes = []
    if index.times[0] >= _MIN_OFFSET_S:
        text = (
            f"the first frame is displayed at {index.times[0]:.2f} s, after the sound starts; times count from the "
            "start of the file, as in players"
        )
        notes.append(VideoNote("clock", text))
    if index.recordings > 1:
        text = f"{index.recordings} recordings with separate clocks are joined; times continue from one to the next"
        notes.append(VideoNote("clock", text))
    if index.unused:
        text = f"one video track is used, number {index.stream}; others are not: {', '.join(index.unused)}"
        notes.append(VideoNote("unused_track", text))
    if index.order.lost:
        text = (
            f"the decoder gives no frame for {index.order.lost} of {index.packets} packets, as may happen where "
            "recordings are joined; convert each before joining them if the frames matter"
        )
        notes.append(VideoNote("lost_frames", text))
    if index.ending == "within_packet":
        text = (
            "the file ends within a packet: it may be truncated, which transport streams do not show; compare its size "
            "or duration with the source"
        )
        notes.append(VideoNote("perhaps_truncated", text))
    return notes
