"""VideoChat-T as a task: binds the model, the answers' cross entropy, TimePro records and grounding scores."""

import dataclasses
import fnmatch
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from timesuite_jax import param_tree
from timesuite_jax.config_spec import Config
from timesuite_jax.data.corpora import open_corpus
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation import run_benchmark, shard_batches
from timesuite_jax.evaluation.job import EvaluationJob, EvaluationRequest
from timesuite_jax.layers import mask_key, unbox
from timesuite_jax.objectives import answer_cross_entropy
from timesuite_jax.param_tree import ParamPath, Params
from timesuite_jax.text import Tokenizer, check_clip_tokenizer, check_tokenizer, load_clip_tokenizer, load_tokenizer
from timesuite_jax.training import Batch, Call, DataStream, Evaluation, InitialWeights, MetricSums, Task, streams
from timesuite_jax.videochat_t.answering.answerer import Answerer, answering_calls
from timesuite_jax.videochat_t.answering.ask import AskResult, ask
from timesuite_jax.videochat_t.answering.predictor import VideoChatPredictor
from timesuite_jax.videochat_t.benchmarks.evaluation_job import grounding_job
from timesuite_jax.videochat_t.benchmarks.grounding import GROUNDING_METRICS, GroundingBenchmark, Span
from timesuite_jax.videochat_t.config import UPSTREAM_TRAINED, VideoChatTConfig
from timesuite_jax.videochat_t.data.processor import Processor
from timesuite_jax.videochat_t.data.stream import train_stream
from timesuite_jax.videochat_t.model.flops import training_flops
from timesuite_jax.videochat_t.model.videochat_t import VideoChatT
from timesuite_jax.videochat_t.port.loading_order import PORT


class VideoChatTask(Task):
    """See `timesuite_jax.training.Task`."""

    name = "videochat_t"

    def __init__(self, config: VideoChatTConfig) -> None:
        """Binds the model; files are read when they are asked for.

        Raises:
          UserError: if the Q-Former has no room for a clip's text.
        """
        self.config = config
        self.model = VideoChatT(config.model)
        positions = config.model.qformer.positions
        if config.data.clip_text_length > positions:
            raise UserError(
                f"data.clip_text_length={config.data.clip_text_length} is more than "
                f"model.qformer.positions={positions}; lower it"
            )

    @classmethod
    def from_config(cls, config: Config) -> "VideoChatTask":
        """The task that a run's config describes.

        Raises:
          UserError: naming what is wrong with the config.
        """
        return cls(VideoChatTConfig.from_config(config))

    @classmethod
    def replace_data(cls, config: Mapping[str, Any], data: Sequence[str]) -> dict[str, Any]:
        """The config with other evaluation corpora."""
        return {**config, "evaluation": {**config.get("evaluation", {}), "corpora": tuple(data)}}

    def check_ready(self) -> None:
        """Checks that the tokenizers can be read; see `tokenizers`."""
        self.preparer()

    @functools.cached_property
    def tokenizers(self) -> tuple[Tokenizer, Tokenizer]:
        """Of the language model and of the Q-Former.

        Raises:
          UserError: if they are not there, lack what prompts are made of, or are of other models.
        """
        text, spec = self.config.text, self.config.model
        words, clips = load_tokenizer(text.tokenizer), load_clip_tokenizer(text.clip_tokenizer)
        check_tokenizer(words, text.tokenizer)
        if spec.qformer.text_input:
            check_clip_tokenizer(clips, text.clip_tokenizer, self.config.data.time_style)
        for field, tokenizer, rows in (("mistral", words, spec.mistral.vocab), ("qformer", clips, spec.qformer.vocab)):
            if tokenizer.vocab_size > rows:
                raise UserError(
                    f"the tokenizer has {tokenizer.vocab_size} tokens but model.{field}.vocab={rows}; "
                    "give the model's own tokenizer, or set that field for a model that starts from nothing"
                )
        return words, clips

    def _blank(self, count: int, length: int, text_length: int) -> dict[str, Shaped[np.ndarray, "B ..."]]:
        """A batch of `count` videos and nothing but padding; it takes no memory."""
        spec, size = self.config.model, self.config.model.vision.image_size
        row, text = (count, length), (count, spec.clips, text_length)
        fields = {
            "frames": (np.uint8(0), (count, spec.clips, spec.clip_frames, size, size, 3)),
            "clip_text": (np.int32(0), text),
            "clip_text_mask": (np.True_, text),
            "tokens": (np.int32(0), row),
            "visual_slot": (np.int32(-1), row),
            "loss_mask": (np.False_, row),
            "valid": (np.True_, row),
            "sample": (np.int32(0), (count,)),
        }
        if self.config.data.turns == "independent":
            fields["segments"] = (np.int32(0), row)
        return {name: np.broadcast_to(value, shape) for name, (value, shape) in fields.items()}

    def _init(self, rng: PRNGKeyArray) -> dict[str, Any]:
        """Fresh parameters, boxed with their logical axes. One video and a few tokens touch all of them."""
        blank = self._blank(1, self.config.model.video_tokens + 2, 4)
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
                    f"config.trained={self.config.trained} names {'/'.join(path)}, and codes of type {leaf.dtype} have "
                    "no gradient; leave the kernel out, or set model.mistral.weight_format='float'"
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
                f"data.batch_size={self.config.data.batch_size} is no multiple of {row_multiple}, the devices that a "
                "batch lies over times training.accumulate; change one of them"
            )
        return train_stream(
            self.config.data,
            self.config.video_inputs(),
            *self.tokenizers,
            seed=seed,
            process_index=process_index,
            process_count=process_count,
        )

    def abstract_batch(self, *, row_multiple: int = 1) -> Batch:
        """Videos with the longest prompts, and answers that fill one chunk of the loss."""
        data = self.config.data
        length = max(data.buckets)
        batch = self._blank(data.batch_size, length, data.clip_text_length)
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

    def preparer(self, layout: str | None = None) -> Processor:
        """Makes prompts for evaluation and for single questions.

        Args:
          layout: name of a conversation layout; that of the config, in which the model was trained, if not given.

        Raises:
          UserError: on an unknown layout.
        """
        data = self.config.data if layout is None else dataclasses.replace(self.config.data, layout=layout)
        return Processor(data, self.config.video_inputs(), *self.tokenizers, train=False)

    def evaluation_programs(self, params: Params) -> dict[str, Call]:
        """An evaluation's batch: encoding videos, reading prompts, making one token."""
        data, evaluation = self.config.data, self.config.evaluation
        rows = evaluation.batch_size
        if rows > 1:  # one question is answered by all devices together
            share, rows = shard_batches(rows)
            rows *= share.count
        batch = self._blank(rows, max(data.buckets), data.clip_text_length)
        return answering_calls(self.model, params, batch, evaluation.max_new_tokens)

    def evaluations(self) -> dict[str, Evaluation]:
        """Grounding of each evaluation corpus, by folder name.

        Raises:
          UserError: if two have the same name, or one cannot be read.
        """
        corpora = self.config.evaluation.corpora
        folders = {folder.rstrip("/").rpartition("/")[2]: folder for folder in corpora}
        if len(folders) < len(corpora):
            raise UserError(
                f"evaluation.corpora={corpora} has two folders of one name, and figures are told apart by it; "
                "rename one, or leave it out"
            )
        for folder in corpora:
            open_corpus(folder)  # told when a run begins, not when it comes to its first evaluation
        return {
            name: Evaluation(GROUNDING_METRICS, functools.partial(self._ground, folder))
            for name, folder in folders.items()
        }

    def _ground(self, folder: str, params: Params) -> dict[str, float]:
        spec = self.config.evaluation
        benchmark = GroundingBenchmark([folder], limit=spec.limit)
        return run_benchmark(benchmark, self.predictor(params), batch_size=spec.batch_size).metrics()

    def evaluation_job(self, request: EvaluationRequest) -> EvaluationJob:
        """Grounding on the evaluation corpora; see `grounding_job`."""
        return grounding_job(self, request)

    def ask(
        self,
        params: Params,
        video: str | Path,
        question: str,
        *,
        clip: Span | None = None,
        prompt: str | None = None,
        max_new_tokens: int | None = None,
        temperature: float = 0.0,
    ) -> AskResult:
        """Answers one question about a video; arguments as in `registry.capabilities.Answers`."""
        limit = max_new_tokens or self.config.evaluation.max_new_tokens
        answerer = self.answerer(params, max_new_tokens=limit, temperature=temperature)
        return ask(answerer, self.preparer(prompt), video, question, clip=clip)

    def answerer(self, params: Params, **choices: Any) -> Answerer:
        """The model with these parameters, ready to answer; `choices` as `Answerer` takes them."""
        choices = {"max_new_tokens": self.config.evaluation.max_new_tokens, **choices}
        return Answerer(self.model, params, self.tokenizers[0], **choices)

    def predictor(self, params: Params, layout: str | None = None) -> VideoChatPredictor:
        """The model with these parameters for `run_benchmark`; `layout` as `preparer` takes it."""
        return VideoChatPredictor(self.answerer(params), self.preparer(layout))
