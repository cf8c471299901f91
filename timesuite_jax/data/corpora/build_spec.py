"""How a corpus is built and stored."""

from dataclasses import dataclass

from timesuite_jax.data.corpora.bad_spans import ON_BAD_SPAN, OnBadSpan
from timesuite_jax.errors import UserError

_MAX_FRAMES = 4096  # of some 25 kB each; every reader keeps dozens of records in memory


@dataclass(frozen=True)
class BuildSpec:
    """How a corpus is built and stored.

    Attributes:
      corpus: name of the corpus.
      task: of annotations without a task of their own.
      shards: number of files; a few for each reading host, of 100 MB to 1 GB each.
      frames: store this many JPEG frames a sample instead of the video; None stores the video. Recommended for long
        videos: of two minutes at 30 frames a second, all 3,600 frames would be decoded for the 128 that are used.
      frame_side: short side of stored frames.
      deadline_s: wall seconds that decoding one video may take.
      threads: videos decoded in parallel.
      on_bad_span: what to do about annotated spans that do not fit their video, see `bad_spans`.
    """

    corpus: str
    task: str = "temporal_video_grounding"
    shards: int = 1
    frames: int | None = None
    frame_side: int = 256
    deadline_s: float = 120.0
    threads: int = 4
    on_bad_span: OnBadSpan = "reject"

    def __post_init__(self) -> None:
        """Checks that a record stays of a size that readers can hold, and the rule.

        Raises:
          UserError: too many frames, with the limit, or an unknown rule.
        """
        if self.frames is not None and self.frames > _MAX_FRAMES:
            raise UserError(
                f"{self.frames} frames a sample are more than {_MAX_FRAMES}, where a record reaches 100 MB; "
                "store as many as the model's num_frames (16 to 192), or the video"
            )
        if self.on_bad_span not in ON_BAD_SPAN:
            raise UserError(f"--on-bad-span {self.on_bad_span} is unknown; choose one of {', '.join(ON_BAD_SPAN)}")
