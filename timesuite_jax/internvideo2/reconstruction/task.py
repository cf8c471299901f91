"""Reconstruction of teachers' features as a task: binds student and teachers, the loss and the stream of clips."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from timesuite_jax import param_tree
from timesuite_jax.data.corpora import Mixture, corpus_shares, read_info
from timesuite_jax.data.corpora.corpus_shares import CorpusShare
from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.data import clip_stream
from timesuite_jax.internvideo2.reconstruction.loss import reconstruction_loss
from timesuite_jax.internvideo2.reconstruction.params import ReconstructionParams
from timesuite_jax.param_tree import Params
from timesuite_jax.training import Batch, DataStream, MetricSums, Task


class ReconstructionTask(ReconstructionParams, Task):
    """See `timesuite_jax.training.Task`; parameters are `ReconstructionParams`'s."""

    @classmethod
    def replace_data(cls, config: Mapping[str, Any], data: Sequence[str]) -> dict[str, Any]:
        """The config with other training corpora."""
        return {**config, "data": {**config.get("data", {}), "corpora": tuple(data), "corpus_weights": ()}}

    def check_inputs(self, *, new: bool) -> None:
        """Checks that corpora and, for a new run, weights exist."""
        for share in self._shares():
            read_info(share.folder)
        if new and (missing := self.config.weights.missing()):
            raise UserError(
                f"config.weights.files: {', '.join(missing)} {'does' if len(missing) == 1 else 'do'} not exist; give "
                "the path, or leave it out to start from fresh parameters"
            )

    def loss(
        self, trainable: Params, frozen: Params, batch: Mapping[str, Shaped[Array, "B ..."]], rng: PRNGKeyArray
    ) -> tuple[Float[Array, ""], Float[Array, ""], MetricSums]:
        """Distances to the teachers' features; the weight is the number of clips."""
        params = param_tree.merge(trainable, frozen)
        return reconstruction_loss(self.config, params, batch["frames"], batch["valid"], rng)

    def train_data(self, *, seed: int, process_index: int, process_count: int, row_multiple: int = 1) -> DataStream:
        """The corpora's stream of clips."""
        if self._rows % row_multiple:
            raise UserError(
                f"data.batch_size={self.config.data.batch_size} times data.num_sample={self.config.data.num_sample} is "
                f"not a multiple of {row_multiple}, the devices of the batch axes times training.accumulate; change one"
            )
        return clip_stream(self.config.data, seed=seed, process_index=process_index, process_count=process_count)

    def steps_per_epoch(self) -> int:
        """Whole batches of the corpora's records; at least one."""
        return max(1, Mixture(self._shares()).visits // self.config.data.batch_size)

    def abstract_batch(self, *, row_multiple: int = 1) -> Batch:
        """A batch of clips."""
        data, rows = self.config.data, self._rows
        return {
            "frames": np.broadcast_to(np.uint8(0), (rows, data.num_frames, data.image_size, data.image_size, 3)),
            "label": np.broadcast_to(np.int32(0), (rows,)),
            "valid": np.broadcast_to(np.bool_(True), (rows,)),
            "sample": np.broadcast_to(np.int32(0), (rows,)),
        }

    def throughput_counts(self, batch: Batch) -> dict[str, float]:
        """Clips, frames and model FLOPs of a step."""
        rows, frames = batch["frames"].shape[:2]
        flops = rows * self.config.model.training_flops(self.config.visible)
        return {"clips": float(rows), "frames": float(rows * frames), "model_flops": flops}

    @property
    def _rows(self) -> int:
        return self.config.data.batch_size * self.config.data.num_sample

    def _shares(self) -> list[CorpusShare]:
        return list(corpus_shares(self.config.data.corpora, self.config.data.corpus_weights))
