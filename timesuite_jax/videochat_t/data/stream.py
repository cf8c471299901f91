"""The training stream of VideoChat-T."""

import functools

from timesuite_jax.data.corpora import Mixture, Record, RecordStream, corpus_shares
from timesuite_jax.errors import UserError
from timesuite_jax.text import Tokenizer
from timesuite_jax.videochat_t.data.processor import Processor
from timesuite_jax.videochat_t.data.sample import Sample
from timesuite_jax.videochat_t.data.sample_maker import SampleMaker
from timesuite_jax.videochat_t.data.spec import DataSpec, VideoInputSpec


def train_stream(
    spec: DataSpec,
    video: VideoInputSpec,
    tokenizer: Tokenizer,
    clip_tokenizer: Tokenizer,
    *,
    seed: int,
    process_index: int = 0,
    process_count: int = 1,
) -> RecordStream[Record, Sample]:
    """Endless training batches of one process.

    Args:
      spec: what is read, and how.
      video: sizes of a video's inputs.
      tokenizer: of the language model.
      clip_tokenizer: of the Q-Former.
      seed: of the order, of random frames, crops and turns.
      process_index: this process.
      process_count: processes of the run.

    Raises:
      UserError: a corpus cannot be read, the batch is not divisible, or random frames are to be cached.
    """
    processor = Processor(spec, video, tokenizer, clip_tokenizer, train=True)
    if spec.cache_decoded and not processor.deterministic:
        raise UserError(
            "data.cache_decoded=True needs a sampling and a transform that always give the same frames, not "
            f"data.sampling={spec.sampling!r} with data.transform={spec.transform!r}; turn it off or change them"
        )
    return RecordStream(
        Mixture(corpus_shares(spec.corpora, spec.corpus_weights)),
        SampleMaker(processor),
        functools.partial(processor.collate, fixed_length=process_count > 1),
        spec,
        seed=seed,
        process_index=process_index,
        process_count=process_count,
    )
