"""The error raised for every video that cannot be used."""

from typing import Literal

from timesuite_jax.errors import UserError

# Classes of what is wrong with a video; `timesuite data check` counts by them.
VideoFault = Literal[
    "missing",  # there is no such file
    "empty",  # 0 bytes
    "not_a_file",  # a folder, a pipe, a device
    "unreadable",  # permissions, or an error of the disk
    "not_a_video",  # no format that FFmpeg knows, or a playlist
    "truncated",  # ends before its structure does
    "no_video_stream",  # sound only, for example
    "unknown_codec",
    "zero_duration",
    "too_few_frames",  # none, or a single one
    "frame_rate",  # no times and no rate, or a rate that no camera has
    "joined",  # recordings of different codecs or in different streams, one after the other
    "damaged",  # frames that cannot be decoded
    "clip",  # the annotated part is outside of the video
    "too_long",  # more frames than a record can store
    "deadline",  # was not decoded in time
    "crash",  # ended the process that decoded it
]


class VideoError(UserError):
    """A video that cannot be used; the one-sentence message has the file, the problem and the remedy.

    `name` is the file or record, `problem` the reason alone, and `kind` its class.
    """

    def __init__(self, name: str, problem: str, remedy: str, kind: VideoFault = "damaged"):
        super().__init__(f"video {name} {problem}; {remedy}")
        self.name = name
        self.problem = problem
        self.remedy = remedy
        self.kind: VideoFault = kind

    def __reduce__(self):
        """Supports pickling: decoding workers send errors to the main process."""
        return type(self), (self.name, self.problem, self.remedy, self.kind)


class DamagedFrame(VideoError):
    """A selected frame that the decoder does not output intact."""

    def __init__(self, name: str, number: int, count: int, seconds: float):
        super().__init__(
            name,
            f"has a damaged frame: number {number} of {count}, at {seconds:.2f} s",
            "download it again or re-encode it",
        )
        self._arguments = (name, number, count, seconds)

    def __reduce__(self):
        """Supports pickling, like the class above."""
        return type(self), self._arguments
