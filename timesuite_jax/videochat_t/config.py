"""The config of a VideoChat-T run, apart from the training loop's own part.

`config.model` is read against `VideoChatTSpec`: `variant` names where to start from, every other key replaces a field,
at any depth (`model.mistral.lora.rank`).
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal, get_args

from ml_collections import ConfigDict

from timesuite_jax.config_spec import Config, bounded, build, check_bounds, override
from timesuite_jax.errors import UserError
from timesuite_jax.models.vision import read_encoder
from timesuite_jax.port.weights import WeightsSpec
from timesuite_jax.suggestions import did_you_mean
from timesuite_jax.videochat_t.data.spec import DataSpec, VideoInputSpec
from timesuite_jax.videochat_t.model.spec import VideoChatTSpec

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

ProtocolName = Literal["default", "paper"]


@dataclasses.dataclass(frozen=True)
class TextSpec:
    """Where the tokenizers lie."""

    tokenizer: str  # of the language model: a tokenizer.json, a SentencePiece .model or a folder with either
    clip_tokenizer: str  # of the Q-Former: a tokenizer.json, a vocab.txt or a folder with either


@dataclasses.dataclass(frozen=True)
class EvaluationSpec:
    """What is answered and scored; none if `corpora` is empty."""

    corpora: tuple[str, ...] = ()
    benchmark: str = "grounding"  # a name of `videochat_t.benchmarks.table`
    batch_size: int = bounded(8, minimum=1)
    max_new_tokens: int = bounded(64, minimum=1)
    limit: int | None = bounded(None, minimum=1)  # records of each corpus
    protocol: ProtocolName = "default"  # how inputs are made and answers read, see `videochat_t.protocol`
    # Seconds of a video that are shown at a time, see `answering.long_video`: as long as the longer videos of training.
    window_s: float = bounded(180.0, above=0)

    def __post_init__(self) -> None:
        """Checks the bounds.

        Raises:
          UserError: naming the field.
        """
        check_bounds(self)
        if self.protocol not in get_args(ProtocolName):
            raise UserError(f"unknown protocol {self.protocol!r}; choose one of {', '.join(get_args(ProtocolName))}")


@dataclasses.dataclass(frozen=True)
class VideoChatTConfig:
    """The whole of it."""

    model: VideoChatTSpec
    text: TextSpec
    data: DataSpec
    evaluation: EvaluationSpec
    weights: WeightsSpec
    trained: tuple[str, ...] = UPSTREAM_TRAINED  # glob patterns of parameter paths
    loss_chunk: int = bounded(128, minimum=1)  # answer positions of a row whose logits exist at one time

    def __post_init__(self) -> None:
        """Checks the bounds.

        Raises:
          UserError: naming the field.
        """
        check_bounds(self)

    @classmethod
    def from_config(cls, config: Config) -> "VideoChatTConfig":
        """Reads the parts of a run's config that concern the task.

        Raises:
          UserError: on unknown keys, wrong types, or sizes that do not go together.
        """
        parts: dict[str, Any] = config.to_dict() if isinstance(config, ConfigDict) else dict(config)
        known = {"task", "training", *(field.name for field in dataclasses.fields(cls))}
        if unknown := sorted(set(parts) - known):
            hint = did_you_mean(unknown[0], sorted(known)) or f"known are {', '.join(sorted(known))}"
            raise UserError(f"config.{unknown[0]} is unknown; {hint}")
        for key in ("model", "text", "data"):
            if not isinstance(parts.get(key), Mapping):
                raise UserError(f"config.{key} is missing or no mapping; see configs/timesuite for an example")
        if isinstance(trained := parts.get("trained"), str):
            raise UserError(f"config.trained={trained!r} is one word; write a tuple of patterns, ({trained!r},)")
        read = {
            "model": model_spec(parts["model"]),
            "text": build(TextSpec, parts["text"], "text"),
            "data": build(DataSpec, parts["data"], "data"),
            "evaluation": build(EvaluationSpec, parts.get("evaluation", {}), "evaluation"),
            "weights": build(WeightsSpec, parts.get("weights", {}), "weights"),
        }
        plain = {key: parts[key] for key in ("trained", "loss_chunk") if key in parts}
        return build(cls, {**read, **plain}, "config")

    def video_inputs(self) -> VideoInputSpec:
        """Sizes and layout of a video's inputs to this model."""
        model = self.model
        return VideoInputSpec(
            model.clips, model.clip_frames, model.vision.image_size, model.video_tokens, model.clip_text_padding
        )


def model_spec(config: Config) -> VideoChatTSpec:
    """The model that `config.model` describes.

    Raises:
      UserError: on an unknown variant or field, or sizes that do not go together.
    """
    base = VideoChatTSpec.from_variant(str(config.get("variant", "released")))
    changes = {key: config[key] for key in config if key != "variant"}
    if isinstance(vision := changes.get("vision"), Mapping | ConfigDict):
        changes["vision"] = read_encoder(vision, base.vision, "model.vision")
    return override(base, changes, "model")
