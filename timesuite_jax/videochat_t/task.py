"""VideoChat-T as a task: binds the model, the answers' cross entropy, TimePro records and grounding scores."""

import fnmatch
import functools
from collections.abc import Mapping
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
from etils import epath
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from timesuite_jax import param_tree
from timesuite_jax.config_spec import Config
from timesuite_jax.data.corpora import Mixture, corpus_shares
from timesuite_jax.errors import UserError
from timesuite_jax.layers import mask_key, unbox
from timesuite_jax.objectives import answer_cross_entropy
from timesuite_jax.param_tree import ParamPath, Params
from timesuite_jax.text.tokenizer_files import clip_tokenizer_files, load_tokenizer, tokenizer_files
from timesuite_jax.training import Batch, DataStream, InitialWeights, MetricSums, Task, streams
from timesuite_jax.videochat_t.config import UPSTREAM_TRAINED, VideoChatTConfig
from timesuite_jax.videochat_t.data.stream import train_stream
from timesuite_jax.videochat_t.data.token_meter import TokenMeter
from timesuite_jax.videochat_t.inference import VideoChatInference
from timesuite_jax.videochat_t.missing_inputs import check_inputs
from timesuite_jax.videochat_t.model.flops import training_flops
from timesuite_jax.videochat_t.port.loading_order import PORT


class VideoChatTask(VideoChatInference, Task):
    """See `timesuite_jax.training.Task`; evaluation and answering are `VideoChatInference`'s."""

    name = "videochat_t"

    @classmethod
    def from_config(cls, config: Config) -> "VideoChatTask":
        """The task that a run's config describes.

        Raises:
          UserError: naming what is wrong with the config.
        """
        return cls(VideoChatTConfig.from_config(config))

    def _init(self, rng: PRNGKeyArray) -> dict[str, Any]:
        """Fresh parameters, boxed with their logical axes. One video and a few tokens touch all of them."""
        blank = self.padding_batch(1, self.config.model.video_tokens + 2, 4)
        batch = {name: jnp.zeros(array.shape, array.dtype) for name, array in blank.items()}
        return dict(self.model.init(rng, batch)["params"])

    def abstract_params(self) -> Params:
        """Shapes, types and logical axes.

        Raises:
          UserError: if one of the config's patterns of trained parameters names none, or one that cannot be trained.
        """
        params = jax.eval_shape(self._init, jax.random.key(0))
        leaves = dict(param_tree.leaves_with_paths(unbox(params)))
        paths = ["/".join(path) for path in leaves]
        for path, leaf in leaves.items():
            if self.trainable(path) and not jnp.issubdtype(leaf.dtype, jnp.floating):
                raise UserError(
                    f"config.trained={self.config.trained} names {'/'.join(path)}, and integers of type {leaf.dtype} "
                    "have no gradient; leave the kernel out, or set model.mistral.weight_format='float'"
                )
        for pattern in self.config.trained:
            # Upstream's list is for all variants; one without TAPE or adapters lacks some of it.
            if pattern not in UPSTREAM_TRAINED and not fnmatch.filter(paths, pattern):
                raise UserError(f"config.trained has {pattern!r}, which names no parameter; correct or remove it")
        return params

    def init(self, rng: PRNGKeyArray) -> Params:
        """Fresh parameters."""
        return unbox(self._init(rng))

    def initial_weights(self) -> InitialWeights | None:
        """The files that the config lays over one another."""
        weights = self.config.weights
        return InitialWeights(weights.source, functools.partial(weights.load, PORT)) if weights.files else None

    def check_inputs(self, *, new: bool) -> None:
        """Checks that tokenizers, corpora and, for a new run, weights exist."""
        check_inputs(self.config, train=True, weights=new, evaluate=True)

    def run_files(self) -> dict[str, tuple[epath.Path, ...]]:
        """The tokenizers."""
        text = self.config.text
        return {
            "text.tokenizer": tokenizer_files(text.tokenizer),
            "text.clip_tokenizer": clip_tokenizer_files(text.clip_tokenizer),
        }

    def trainable(self, path: ParamPath) -> bool:
        """Whether one of the config's patterns names the parameter."""
        return any(fnmatch.fnmatchcase("/".join(path), pattern) for pattern in self.config.trained)

    def loss(
        self, trainable: Params, frozen: Params, batch: Mapping[str, Shaped[Array, "B ..."]], rng: PRNGKeyArray
    ) -> tuple[Float[Array, ""], Float[Array, ""], MetricSums]:
        """Cross entropy of the answers; its weight is the number of answer tokens."""
        params = param_tree.merge(trainable, frozen)
        rngs = {name: mask_key(key) for name, key in streams(rng, "dropout", "drop_path").items()}
        hidden, aux = cast(Any, self.model.apply({"params": params}, batch, deterministic=False, rngs=rngs))
        lora = self.config.model.mistral.lora
        # Position s predicts token s + 1.
        total, count, correct = answer_cross_entropy(
            hidden[:, :-1],
            batch["tokens"][:, 1:],
            batch["loss_mask"][:, 1:],
            params["mistral"]["lm_head"],
            chunk=self.config.loss_chunk,
            scaling=lora.scaling if lora else 1.0,
            head_input=aux["head_input"][:, :-1],
        )
        return total, count, {"loss": (total, count), "accuracy": (correct, count)}

    def train_data(self, *, seed: int, process_index: int, process_count: int, row_multiple: int = 1) -> DataStream:
        """The mixture's stream."""
        if self.config.data.batch_size % row_multiple:
            raise UserError(
                f"data.batch_size={self.config.data.batch_size} is not a multiple of {row_multiple}, the devices of "
                "the batch axes times training.accumulate; change one of them"
            )
        return train_stream(
            self.config.data,
            self.config.video_inputs(),
            *self.tokenizers,
            seed=seed,
            process_index=process_index,
            process_count=process_count,
        )

    def token_meter(self) -> TokenMeter:
        """Measures the tokens of training samples; needs the language model's tokenizer only."""
        return TokenMeter(self.config.data, self.config.video_inputs(), load_tokenizer(self.config.text.tokenizer))

    def steps_per_epoch(self) -> int:
        """Whole batches of the mixture's records, each as often as it is repeated; at least one."""
        data = self.config.data
        return max(1, Mixture(corpus_shares(data.corpora, data.corpus_weights)).visits // data.batch_size)

    def abstract_batch(self, *, row_multiple: int = 1) -> Batch:
        """Videos with the longest prompts, and answers that fill one chunk of the loss."""
        data = self.config.data
        length = max(data.buckets)
        batch = self.padding_batch(data.batch_size, length, data.clip_text_length)
        answered = np.arange(length) >= length - min(self.config.loss_chunk, length - 1)
        return {**batch, "loss_mask": np.broadcast_to(answered, (data.batch_size, length))}

    def throughput_counts(self, batch: Batch) -> dict[str, float]:
        """Tokens, frames and model FLOPs of a step."""
        spec = self.config.model
        count, length = batch["tokens"].shape
        answers = float(np.count_nonzero(batch["loss_mask"]))
        flops = training_flops(
            spec,
            batch=count,
            length=length,
            text_length=self.config.data.clip_text_length if spec.qformer.text_input else 0,
            answers=answers,
            train_language_model=self.trainable(("mistral", "layers", "mlp", "up", "kernel")),
        )
        return {"tokens": float(count * length), "frames": float(count * spec.num_frames), "model_flops": flops}
