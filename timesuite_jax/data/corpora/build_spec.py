"""How a corpus is built and stored."""

from dataclasses import dataclass
from typing import Literal, get_args

from timesuite_jax.data.corpora.bad_spans import ON_BAD_SPAN, OnBadSpan
from timesuite_jax.errors import UserError

MAX_FRAMES = 4096  # of some 25 kB each; every reader keeps dozens of records in memory
FRAME_SIDE = 256  # pixels
Audio = Literal["keep", "drop"]
AUDIO: tuple[Audio, ...] = get_args(Audio)


@dataclass(frozen=True)
class BuildSpec:
    """How a corpus is built and stored; all of it influences the bytes.

    Attributes:
      corpus: name of the corpus.
      task: of annotations without a task of their own; None: the first of their format.
      shards: number of files; a few for each reading host, of 100 MB to 1 GB each.
      shard_mb: instead of a number of files, their size in MB, estimated from the sizes of the videos.
      frames: store this many JPEG frames a sample instead of the video; None stores the video. Recommended for long
        videos: of two minutes at 30 frames a second, all 3,600 frames would be decoded for the 128 that are used.
      fps: store as many JPEG frames as this rate gives; excludes `frames`.
      frame_side: short side of stored frames.
      audio: "drop" stores videos without their sound.
      deadline_s: wall seconds that decoding one video may take.
      on_bad_span: what to do about annotated spans that do not fit their video, see `bad_spans`.
    """

    corpus: str
    task: str | None = None
    shards: int = 1
    shard_mb: float | None = None
    frames: int | None = None
    fps: float | None = None
    frame_side: int = FRAME_SIDE
    audio: Audio = "keep"
    deadline_s: float = 120.0
    on_bad_span: OnBadSpan = "reject"

    def __post_init__(self) -> None:
        """Checks that a record stays of a size that readers can hold, and the rules.

        Raises:
          UserError: too many frames, with the limit, an unknown rule, or options that exclude each other.
        """
        if self.frames is not None and self.frames > MAX_FRAMES:
            raise UserError(
                f"{self.frames} frames a sample are more than {MAX_FRAMES}, where a record reaches 100 MB; "
                "store as many as the model's num_frames (16 to 192), or the video"
            )
        if self.frames is not None and self.fps is not None:
            raise UserError(f"--frames {self.frames} and --fps {self.fps:g} exclude each other; give one of them")
        frames = self.frames is not None or self.fps is not None
        if self.audio == "drop" and frames:
            stored = f"--frames {self.frames}" if self.frames is not None else f"--fps {self.fps:g}"
            raise UserError(f"--audio drop is about stored videos, and {stored} stores no sound; leave one of them out")
        if self.frame_side != FRAME_SIDE and not frames:
            raise UserError(
                f"--frame-side {self.frame_side} is about stored frames, and videos are stored as they are; add "
                "--frames or --fps, or leave it out"
            )
        if self.shard_mb is not None and self.shards != 1:
            raise UserError(
                f"--shards {self.shards} and --shard-size {self.shard_mb:g} exclude each other; give one of them"
            )
        if self.audio not in AUDIO:
            raise UserError(f"--audio {self.audio} is unknown; choose one of {', '.join(AUDIO)}")
        if self.on_bad_span not in ON_BAD_SPAN:
            raise UserError(f"--on-bad-span {self.on_bad_span} is unknown; choose one of {', '.join(ON_BAD_SPAN)}")
