"""Options of a stream of clips."""

from dataclasses import dataclass, field

from timesuite_jax.config_spec import bounded
from timesuite_jax.data.corpora.stream import StreamSpec
from timesuite_jax.errors import UserError
from timesuite_jax.media import DEFAULT_DEADLINE_S
from timesuite_jax.media.augment import AugmentationSpec
from timesuite_jax.media.frame_rules import frame_rule


@dataclass(frozen=True, kw_only=True)
class ClipDataSpec(StreamSpec):
    """`config.data` of the stages: the corpora, and how their records become clips.

    A batch has `batch_size * num_sample` rows.

    Attributes:
      corpora: folders, "FOLDER*3" to visit records three times an epoch; see `data.corpora.corpus_shares`.
      corpus_weights: shares of the entries in an epoch's samples; none: each record is visited once.
      num_frames: F, frames of a clip.
      image_size: side of the square frames, pixels.
      sampling: name of the rule that chooses frames, see `timesuite_jax.media.frame_rules`.
      augmentation: what is done with the frames in training.
      num_sample: clips with the same frames of each video and other augmentations, one after the other in the batch.
      decode_side: largest short side of decoded frames; larger frames are reduced while they are decoded, averaging
        areas, so that augmentations of large videos do not take longer. 320 is that of the usual copies of Kinetics.
      deadline_s: wall seconds that decoding a video may take.
    """

    corpora: tuple[str, ...]
    corpus_weights: tuple[float, ...] = ()
    num_frames: int = bounded(8, minimum=1)
    image_size: int = bounded(224, minimum=1)
    sampling: str = "sparse"
    augmentation: AugmentationSpec = field(default_factory=AugmentationSpec)
    num_sample: int = bounded(1, minimum=1)
    decode_side: int = bounded(320, minimum=1)
    deadline_s: float = bounded(DEFAULT_DEADLINE_S, minimum=0)

    def __post_init__(self) -> None:
        """Checks bounds, the rule, and that frames to be cached do not change.

        Raises:
          UserError: naming the field.
        """
        super().__post_init__()
        rule = frame_rule(self.sampling)
        if self.decode_side < self.image_size:
            raise UserError(
                f"data.decode_side={self.decode_side} is less than data.image_size={self.image_size}, to which frames "
                "would be magnified; raise it"
            )
        if self.cache_decoded and not rule.deterministic:
            raise UserError(
                f"data.cache_decoded=True needs a sampling that always chooses the same frames, not {self.sampling!r}; "
                "turn it off, or choose data.sampling='middle'"
            )
