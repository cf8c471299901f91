"""Stage 2 as a task: binds the model, its loss and the stream of clips with captions."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from etils import epath
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from timesuite_jax import param_tree
from timesuite_jax.data.corpora.corpus_shares import corpus_folders, missing_corpora
from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.stage2.data import CaptionTokens, pair_stream, steps_per_epoch
from timesuite_jax.internvideo2.stage2.loss import SpecialWords, video_text_loss
from timesuite_jax.internvideo2.stage2.params import VideoTextParams
from timesuite_jax.internvideo2.stage2.port import PORT
from timesuite_jax.param_tree import Params
from timesuite_jax.text.tokenizer_files import clip_tokenizer_files
from timesuite_jax.training import Batch, DataStream, MetricSums, Task


class VideoTextTask(VideoTextParams, Task):
    """See `timesuite_jax.training.Task`; parameters are `VideoTextParams`'s."""

    name = PORT.name

    @classmethod
    def replace_data(cls, config: Mapping[str, Any], data: Sequence[str]) -> dict[str, Any]:
        """The config with other training corpora, of videos only."""
        changes = {"corpora": tuple(data), "corpus_weights": (), "image_corpora": (), "image_corpus_weights": ()}
        return {**config, "data": {**config.get("data", {}), **changes}}

    def check_inputs(self, *, new: bool) -> None:
        """Checks that corpora, the vocabulary and, for a new run, weights exist, and that all encoders have inputs."""
        if self.config.model.audio is not None:
            raise UserError(
                "config.model.audio: training with sound is not supported, and the audio encoder would not learn; "
                "train without it (model.variant='6b', or model.audio=None)"
            )
        data = self.config.data
        lines = [
            f"{folder} holds no corpus; build it with `timesuite data build --out {folder}`"
            for folder in missing_corpora(corpus_folders((*data.corpora, *data.image_corpora)))
        ]
        if new:
            lines += [f"config.weights.files: {path} does not exist" for path in self.config.weights.missing()]
        if lines:
            raise UserError("; ".join(lines))
        self._special_words()

    def run_files(self) -> dict[str, tuple[epath.Path, ...]]:
        """The vocabulary."""
        return {"data.tokenizer": clip_tokenizer_files(self.config.data.tokenizer)}

    def loss(
        self, trainable: Params, frozen: Params, batch: Mapping[str, Shaped[Array, "B ..."]], rng: PRNGKeyArray
    ) -> tuple[Float[Array, ""], Float[Array, ""], MetricSums]:
        """The loss of a batch of videos or images; its weight is the number of pairs."""
        params = param_tree.merge(trainable, frozen)
        return video_text_loss(self.config, self._special_words(), params, batch, rng)

    def train_data(self, *, seed: int, process_index: int, process_count: int, row_multiple: int = 1) -> DataStream:
        """The corpora's stream of clips with captions."""
        if (rows := self.config.data.batch_size) % row_multiple:
            raise UserError(
                f"data.batch_size={rows} is not a multiple of {row_multiple}, the devices of the batch axes times "
                "training.accumulate; change one"
            )
        return pair_stream(self.config.data, seed=seed, process_index=process_index, process_count=process_count)

    def steps_per_epoch(self) -> int:
        """Whole batches of videos and of images."""
        return steps_per_epoch(self.config.data)

    def abstract_batch(self, *, row_multiple: int = 1) -> Batch:
        """A batch of videos, or of images if there are no videos."""
        data = self.config.data
        rows, size = data.batch_size, data.image_size
        frames = data.num_frames if data.corpora else 1
        return {
            "frames": np.broadcast_to(np.uint8(0), (rows, frames, size, size, 3)),
            "text": np.broadcast_to(np.int32(0), (rows, data.max_tokens)),
            "text_mask": np.broadcast_to(np.bool_(True), (rows, data.max_tokens)),
            "content": np.broadcast_to(np.int32(0), (rows, 2)),
            "valid": np.broadcast_to(np.bool_(True), (rows,)),
            "sample": np.broadcast_to(np.int32(0), (rows,)),
        }

    def throughput_counts(self, batch: Batch) -> dict[str, float]:
        """Clips and frames of a step."""
        rows, frames = batch["frames"].shape[:2]
        return {"clips": float(rows), "frames": float(rows * frames)}

    @functools.lru_cache(maxsize=1)  # noqa: B019 (tasks live as long as their run)
    def _special_words(self) -> SpecialWords:
        tokens = CaptionTokens(self.config.data.tokenizer, self.config.data.max_tokens)
        return SpecialWords(tokens.special.bos, tokens.mask_id)
