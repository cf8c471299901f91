"""Options of streams of videos and images with captions."""

import dataclasses
from dataclasses import dataclass

from timesuite_jax.config_spec import bounded
from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.data import ClipDataSpec
from timesuite_jax.internvideo2.stage2.data.captions import CaptionSource


@dataclass(frozen=True, kw_only=True)
class VideoTextDataSpec(ClipDataSpec):
    """`config.data` of stage 2.

    Each batch is of videos or of images. In an epoch, as many batches are of either as its corpora fill.

    Attributes:
      corpora: folders of videos; see `ClipDataSpec`.
      image_corpora: folders whose records give images, one frame each; as `corpora`.
      image_corpus_weights: as `corpus_weights`, of `image_corpora`.
      captions: what the captions of records are: the answers of their turns, of which one is drawn at each visit, or
        the names of their classes.
      tokenizer: `vocab.txt` of bert-large-uncased, or a folder with it.
      max_tokens: of a caption, with [CLS]; longer ones are cut.
    """

    image_corpora: tuple[str, ...] = ()
    image_corpus_weights: tuple[float, ...] = ()
    captions: CaptionSource = "answers"
    tokenizer: str
    max_tokens: int = bounded(32, minimum=2)

    def __post_init__(self) -> None:
        """Checks that there are data, and one clip of each sample.

        Raises:
          UserError: naming the field.
        """
        super().__post_init__()
        if not (self.corpora or self.image_corpora):
            raise UserError("data.corpora and data.image_corpora are empty; name at least one corpus")
        if self.num_sample != 1:
            raise UserError(
                f"data.num_sample={self.num_sample}: clips of one video are no negatives of each other; set it to 1"
            )

    @property
    def of_images(self) -> "VideoTextDataSpec":
        """The options of the stream of images."""
        return dataclasses.replace(
            self,
            corpora=self.image_corpora,
            corpus_weights=self.image_corpus_weights,
            image_corpora=(),
            image_corpus_weights=(),
            num_frames=1,
        )
