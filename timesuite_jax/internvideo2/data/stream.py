"""The training stream of clips."""

import functools

from timesuite_jax.data.corpora import Mixture, Record, RecordStream, corpus_shares
from timesuite_jax.internvideo2.data.batch import collate
from timesuite_jax.internvideo2.data.clip import Clip
from timesuite_jax.internvideo2.data.clip_maker import ClipMaker
from timesuite_jax.internvideo2.data.spec import ClipDataSpec


def clip_stream(
    spec: ClipDataSpec,
    *,
    seed: int,
    num_classes: int | None = None,
    process_index: int = 0,
    process_count: int = 1,
) -> RecordStream[Record, Clip]:
    """Endless training batches of one process, see `collate`.

    Args:
      spec: what is read, and how.
      seed: of the order, of random frames and augmentations.
      num_classes: number of classes that labels may have; None: any, as for pretraining.
      process_index: this process.
      process_count: processes of the run.

    Raises:
      UserError: a corpus cannot be read, or the batch is not divisible.
    """
    return RecordStream(
        Mixture(corpus_shares(spec.corpora, spec.corpus_weights)),
        ClipMaker(spec, num_classes),
        functools.partial(collate, spec=spec),
        spec,
        seed=seed,
        process_index=process_index,
        process_count=process_count,
    )
