"""Notes on usable videos whose times may not be what an annotator saw, or whose end may be missing."""

from timesuite_jax.media.video_index import VideoIndex

_MIN_OFFSET_S = 0.05  # smaller ones round to 0.0 s


def video_notes(index: VideoIndex) -> list[str]:
    """Describes in a sentence each what is unusual about the clock and the end of a video."""
    notes = []
    if index.times[0] >= _MIN_OFFSET_S:
        notes.append(
            f"the first frame is displayed at {index.times[0]:.2f} s, after the sound starts; times count from the "
            "start of the file, as in players"
        )
    if index.recordings > 1:
        notes.append(
            f"{index.recordings} recordings with separate clocks are joined; times continue from one to the next"
        )
    if index.ending == "within_packet":
        notes.append(
            "the file ends within a packet: it may be truncated, which transport streams do not show; compare its size "
            "or duration with the source"
        )
    return notes
