"""What a config says about a VideoChat-T run, apart from the training loop's own part.

`config.model` is read against `VideoChatTSpec`: `variant` names where to start from, every other key replaces a field,
at any depth (`model.mistral.lora.rank`).
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

from timesuite_jax.data import PipelineSpec, SampleSpec, corpus_shares
from timesuite_jax.errors import UserError
from timesuite_jax.models import VideoChatTSpec
from timesuite_jax.specs import build, override
from timesuite_jax.text import TimeStyle

# What the original trains in all of its stages: exactly these keys are in its checkpoints.
UPSTREAM_TRAINED = (
    "qformer/*",
    "query_tokens",
    "extra_query_tokens",
    "clip_proj/*",
    "merge_proj/*",
    "temp_adap/*",
    "*/lora_a",
    "*/lora_b",
)


@dataclasses.dataclass(frozen=True)
class TextSpec:
    """Where the tokenizers lie."""

    tokenizer: str  # of the language model: a tokenizer.json, a SentencePiece .model or a folder with either
    clip_tokenizer: str  # of the Q-Former: a tokenizer.json, a vocab.txt or a folder with either


@dataclasses.dataclass(frozen=True)
class DataSpec:
    """What is trained on; `SampleSpec` and `PipelineSpec` say more of each field."""

    corpora: tuple[str, ...]  # folders; "FOLDER*3" is visited three times an epoch
    batch_size: int  # of all processes together
    buckets: tuple[int, ...]  # sequence lengths, visual tokens and BOS included
    clip_text_length: int = 80  # word pieces of a clip's time text
    sampling: str = "random"
    transform: str = "default"
    layout: str = "training"
    time_style: TimeStyle = TimeStyle.DECIMAL
    turns: Literal["all", "shuffled", "one"] = "shuffled"
    clip_question: bool = False
    shuffle: bool = True
    cache_decoded: bool = False
    threads: int = 16
    workers: int = 0
    read_ahead: int = 64


@dataclasses.dataclass(frozen=True)
class EvaluationSpec:
    """What is answered and scored; none if `corpora` is empty."""

    corpora: tuple[str, ...] = ()
    batch_size: int = 8
    max_new_tokens: int = 64
    limit: int | None = None  # records of each corpus


@dataclasses.dataclass(frozen=True)
class WeightsSpec:
    """What a new run starts from."""

    files: tuple[str, ...] = ()  # "role=path", laid over one another in the original's order (`timesuite port --help`)
    expect_missing: tuple[str, ...] = ()
    expect_unused: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class VideoChatTConfig:
    """The whole of it."""

    model: VideoChatTSpec
    text: TextSpec
    data: DataSpec
    evaluation: EvaluationSpec
    weights: WeightsSpec
    trained: tuple[str, ...]  # glob patterns of parameter paths
    loss_chunk: int  # answer positions of a row whose logits exist at one time

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "VideoChatTConfig":
        """Reads the parts of a run's config that concern the task.

        Raises:
          UserError: on unknown keys, wrong types, or sizes that do not go together.
        """
        known = {"task", "training", *(field.name for field in dataclasses.fields(cls))}
        if unknown := sorted(set(config) - known):
            raise UserError(f"config.{unknown[0]} is unknown; known are {', '.join(sorted(known))}")
        for key in ("model", "text", "data"):
            if key not in config:
                raise UserError(f"config.{key} is missing; see configs/timesuite for an example")
        return cls(
            model=model_spec(config["model"]),
            text=build(TextSpec, config["text"], "text"),
            data=build(DataSpec, config["data"], "data"),
            evaluation=build(EvaluationSpec, config.get("evaluation", {}), "evaluation"),
            weights=build(WeightsSpec, config.get("weights", {}), "weights"),
            trained=tuple(config.get("trained", UPSTREAM_TRAINED)),
            loss_chunk=int(config.get("loss_chunk", 128)),
        )

    def sample(self, *, train: bool) -> SampleSpec:
        """How records become samples of this model; evaluation always looks at the same frames."""
        model, data = self.model, self.data
        sampling = data.sampling if train else data.sampling.replace("random", "middle")
        return SampleSpec(
            clips=model.clips,
            clip_frames=model.clip_frames,
            size=model.vision.image_size,
            n_visual=model.video_tokens,
            buckets=data.buckets,
            clip_text_length=data.clip_text_length,
            sampling=sampling,
            transform=data.transform,
            train=train,
            layout=data.layout,
            time_style=data.time_style,
            turns=data.turns if train else "all",
            clip_question=data.clip_question,
        )

    def pipeline(self) -> PipelineSpec:
        """The training stream."""
        data = self.data
        return PipelineSpec(
            corpora=corpus_shares(data.corpora),
            sample=self.sample(train=True),
            batch_size=data.batch_size,
            shuffle=data.shuffle,
            cache_decoded=data.cache_decoded,
            threads=data.threads,
            workers=data.workers,
            read_ahead=data.read_ahead,
        )


def model_spec(config: Mapping[str, Any]) -> VideoChatTSpec:
    """The model that `config.model` describes.

    Raises:
      UserError: on an unknown variant or field, or sizes that do not go together.
    """
    changes = {key: config[key] for key in config if key != "variant"}
    return override(VideoChatTSpec.from_variant(config.get("variant", "released")), changes, "model")
