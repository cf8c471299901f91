"""Streams of batches that are of videos or of images (`MetaLoader` upstream)."""

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Shaped

from timesuite_jax.data.corpora import Batch, Mixture, Record, RecordStream, corpus_shares
from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.stage2.data.captions import CaptionTokens, class_names
from timesuite_jax.internvideo2.stage2.data.pair_maker import Pair, PairMaker, collate
from timesuite_jax.internvideo2.stage2.data.spec import VideoTextDataSpec

PairStream = RecordStream[Record, Pair]


class MediaStream:
    """Endless batches, each of one of several streams; see `training.DataStream`.

    In an epoch, each stream gives as many batches as its samples fill, in an order that is a function of the seed.

    Args:
      streams: by kind of media.
      batch_size: of each stream, of all processes.
      seed: of the order.
    """

    def __init__(self, streams: Mapping[str, PairStream], batch_size: int, seed: int) -> None:
        self._streams, self._seed = dict(streams), seed
        self._counts = {name: _batches(stream.epoch_size, batch_size) for name, stream in self._streams.items()}
        self._step = 0

    def __iter__(self) -> "MediaStream":
        return self

    def __next__(self) -> Batch:
        """The next batch.

        Raises:
          UserError: none of the first samples of a stream can be used.
        """
        epoch, place = divmod(self._step, sum(self._counts.values()))
        self._step += 1
        return next(self._streams[_order(tuple(self._counts.items()), self._seed, epoch)[place]])

    def get_state(self) -> dict[str, Any]:
        """The position, as JSON."""
        return {
            "step": self._step,
            "batches_per_epoch": self._counts,
            **{name: stream.get_state() for name, stream in self._streams.items()},
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Seeks to a position that `get_state` returned.

        Raises:
          UserError: the position is one of other data, another batch size or another seed.
        """
        if (saved := state.get("batches_per_epoch")) != self._counts:
            raise UserError(
                f"the saved data position has batches_per_epoch {saved}, this run has {self._counts}; resume with the "
                "same data and data.batch_size, or start a new run"
            )
        self._step = int(state["step"])
        for name, stream in self._streams.items():
            stream.set_state(state[name])

    def sample_names(self, batch: Mapping[str, Shaped[np.ndarray, "B ..."]]) -> list[str]:
        """Names of the samples of one of the last batches, for messages."""
        return self._streams[_IMAGES if batch["frames"].shape[1] == 1 else _VIDEOS].sample_names(batch)

    def report(self) -> dict[str, dict[str, Any]]:
        """Samples used and dropped in this process since it started, by corpus."""
        return {
            f"{corpus} ({name})": counts
            for name, stream in self._streams.items()
            for corpus, counts in stream.report().items()
        }

    def close(self) -> None:
        """Ends threads and worker processes."""
        for stream in self._streams.values():
            stream.close()


_VIDEOS, _IMAGES = "videos", "images"


def pair_stream(
    spec: VideoTextDataSpec, *, seed: int, process_index: int = 0, process_count: int = 1
) -> PairStream | MediaStream:
    """Endless training batches of one process, see `collate`.

    Raises:
      UserError: a corpus or the vocabulary cannot be read, or the batch is not divisible.
    """
    tokens = CaptionTokens(spec.tokenizer, spec.max_tokens)

    def open_stream(spec: VideoTextDataSpec) -> PairStream:
        classes = class_names(spec.corpora) if spec.captions == "classes" else None
        return RecordStream(
            Mixture(corpus_shares(spec.corpora, spec.corpus_weights)),
            PairMaker(spec, tokens, classes),
            functools.partial(collate, spec=spec),
            spec,
            seed=seed,
            process_index=process_index,
            process_count=process_count,
        )

    streams = {_VIDEOS: open_stream(spec)} if spec.corpora else {}
    if spec.image_corpora:
        streams[_IMAGES] = open_stream(spec.of_images)
    return MediaStream(streams, spec.batch_size, seed) if len(streams) > 1 else next(iter(streams.values()))


def steps_per_epoch(spec: VideoTextDataSpec) -> int:
    """Batches of one pass over the videos and the images."""
    kinds = ((spec.corpora, spec.corpus_weights), (spec.image_corpora, spec.image_corpus_weights))
    return sum(
        _batches(Mixture(corpus_shares(corpora, weights)).visits, spec.batch_size)
        for corpora, weights in kinds
        if corpora
    )


def _batches(samples: int, batch_size: int) -> int:
    return max(1, samples // batch_size)


@functools.lru_cache(maxsize=2)
def _order(counts: tuple[tuple[str, int], ...], seed: int, epoch: int) -> list[str]:
    names = [name for name, count in counts for _ in range(count)]
    return [names[place] for place in np.random.default_rng((seed, epoch)).permutation(len(names))]
