"""VideoChat-T as a task: binds the model, the answers' cross entropy, TimePro records and grounding scores."""

import fnmatch
import functools
from collections.abc import Callable, Mapping
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from timesuite_jax import port, tree
from timesuite_jax.data import Preparer, TrainStream
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation import Answerer, evaluate_grounding
from timesuite_jax.models import VideoChatT
from timesuite_jax.models.videochat_t_flops import training_flops
from timesuite_jax.objectives import answer_cross_entropy
from timesuite_jax.specs import Config
from timesuite_jax.tasks.videochat_t_config import UPSTREAM_TRAINED, VideoChatTConfig
from timesuite_jax.text import check_tokenizer, load_clip_tokenizer, load_tokenizer
from timesuite_jax.training import Batch, DataIterator, Import, Params, Sums, streams
from timesuite_jax.tree import Path


class VideoChatTask:
    """See `timesuite_jax.training.Task`."""

    name = "videochat_t"

    def __init__(self, config: VideoChatTConfig) -> None:
        """Reads the tokenizers and checks that they go with the model.

        Raises:
          UserError: if they do not.
        """
        self.config = config
        self.model = VideoChatT(config.model)
        self.tokenizer = load_tokenizer(config.text.tokenizer)
        self.clip_tokenizer = load_clip_tokenizer(config.text.clip_tokenizer)
        check_tokenizer(self.tokenizer, config.text.tokenizer)
        spec = config.model
        for field, tokenizer, rows in (
            ("mistral", self.tokenizer, spec.mistral.vocab),
            ("qformer", self.clip_tokenizer, spec.qformer.vocab),
        ):
            if tokenizer.vocab_size > rows:
                raise UserError(
                    f"the tokenizer has {tokenizer.vocab_size} tokens but model.{field}.vocab={rows}; "
                    "give the model's own tokenizer, or set that field for a model that starts from nothing"
                )
        if config.data.clip_text_length > spec.qformer.positions:
            raise UserError(
                f"data.clip_text_length={config.data.clip_text_length} is more than "
                f"model.qformer.positions={spec.qformer.positions}; lower it"
            )
        self._stream: TrainStream | None = None

    @classmethod
    def from_config(cls, config: Config) -> "VideoChatTask":
        """The task that a run's config describes.

        Raises:
          UserError: naming what is wrong with the config.
        """
        return cls(VideoChatTConfig.from_config(config))

    def _init(self, rng: PRNGKeyArray) -> dict[str, Any]:
        """Fresh parameters, boxed with their logical axes. One clip and a few tokens touch all of them."""
        spec = self.config.model
        size = spec.vision.image_size
        frames = (1, spec.clips, spec.clip_frames, size, size, 3)
        texts = (1, spec.clips, 4)
        length = spec.video_tokens + 2
        batch = {
            "frames": jnp.zeros(frames, jnp.uint8),
            "clip_text": jnp.zeros(texts, jnp.int32),
            "clip_text_mask": jnp.ones(texts, bool),
            "tokens": jnp.zeros((1, length), jnp.int32),
            "visual_slot": jnp.full((1, length), -1, jnp.int32),
            "valid": jnp.ones((1, length), bool),
        }
        return dict(self.model.init(rng, batch)["params"])

    def abstract_params(self) -> Params:
        """Shapes, types and logical axes.

        Raises:
          UserError: if one of the config's patterns of trained parameters names none.
        """
        params = jax.eval_shape(self._init, jax.random.key(0))
        paths = ["/".join(path) for path, _ in tree.leaves_with_paths(nn.meta.unbox(params))]
        for pattern in self.config.trained:
            # Upstream's list is for all variants; one without TAPE or adapters lacks some of it.
            if pattern not in UPSTREAM_TRAINED and not fnmatch.filter(paths, pattern):
                raise UserError(f"config.trained has {pattern!r}, which names no parameter; correct or remove it")
        return params

    def init(self, rng: PRNGKeyArray) -> Params:
        """Fresh parameters."""
        return nn.meta.unbox(self._init(rng))

    def initial_weights(self) -> Import | None:
        """The files that the config lays over one another."""
        weights = self.config.weights
        if not weights.files:
            return None

        def load(targets: Params) -> Params:
            videochat_t = port.MODELS["videochat_t"]
            layers = port.open_layers(videochat_t, weights.files)
            loaded = port.load_into(videochat_t, targets, layers, weights.expect_missing, weights.expect_unused)
            return loaded.params

        return Import(", ".join(weights.files), load)

    def trainable(self, path: Path) -> bool:
        """Whether one of the config's patterns names the parameter."""
        return any(fnmatch.fnmatchcase("/".join(path), pattern) for pattern in self.config.trained)

    def loss(
        self, trainable: Params, frozen: Params, batch: Mapping[str, Shaped[Array, "B *_"]], rng: PRNGKeyArray
    ) -> tuple[Float[Array, ""], Float[Array, ""], Sums]:
        """Cross entropy of the answers; its weight is the number of answer tokens."""
        params = tree.merge(trainable, frozen)
        rngs = streams(rng, "dropout", "drop_path")
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

    def train_data(self, *, seed: int, process_index: int, process_count: int) -> DataIterator:
        """The mixture's stream."""
        self._stream = TrainStream(
            self.config.pipeline(),
            self.tokenizer,
            self.clip_tokenizer,
            seed=seed,
            process_index=process_index,
            process_count=process_count,
        )
        return self._stream

    def data_report(self) -> dict[str, dict[str, Any]]:
        """What the training data of this process gave up so far, by corpus: dropped samples and cut texts."""
        return self._stream.report() if self._stream else {}

    def sample_names(self, batch: Batch) -> list[str]:
        """Record ids."""
        if self._stream is None:
            raise ValueError("sample_names names samples of train_data; make that first")
        return self._stream.sample_names(dict(batch))

    def work(self, batch: Batch) -> dict[str, float]:
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

    def preparer(self) -> Preparer:
        """Makes prompts for evaluation and for single questions."""
        return Preparer(self.config.sample(train=False), self.tokenizer, self.clip_tokenizer)

    def evaluations(self) -> dict[str, Callable[[Params], dict[str, float]]]:
        """Grounding of each evaluation corpus, by folder name."""
        spec = self.config.evaluation
        return {
            folder.rstrip("/").rpartition("/")[2]: functools.partial(self._ground, folder) for folder in spec.corpora
        }

    def _ground(self, folder: str, params: Params) -> dict[str, float]:
        spec = self.config.evaluation
        scores = evaluate_grounding(
            self.answerer(params), self.preparer(), [folder], batch_size=spec.batch_size, limit=spec.limit
        )
        return scores.figures()

    def answerer(self, params: Params, **choices: Any) -> Answerer:
        """The model with these parameters, ready to answer; `choices` as `Answerer` takes them."""
        choices = {"max_new_tokens": self.config.evaluation.max_new_tokens, **choices}
        return Answerer(self.model, params, self.tokenizer, **choices)
