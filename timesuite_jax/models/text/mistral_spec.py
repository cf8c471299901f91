"""Sizes of Mistral (arXiv:2310.06825) and the released variants."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from timesuite_jax.config_spec import bounded, check_bounds
from timesuite_jax.errors import UserError
from timesuite_jax.layers import Attention, FloatType, LoraSpec, Remat, WeightFormat

UPSTREAM_LORA = LoraSpec(rank=16, alpha=32, dropout=0.1)

_POSITIONS = 32768  # context of Mistral-7B-Instruct-v0.2; nothing is sized by it


@dataclasses.dataclass(frozen=True)
class MistralSpec:
    """Sizes and numeric choices of a Mistral model."""

    vocab: int = bounded(minimum=1)
    width: int = bounded(minimum=1)  # D
    mlp: int = bounded(minimum=1)  # M
    layers: int = bounded(minimum=1)  # L
    heads: int = bounded(minimum=1)  # h
    kv_heads: int = bounded(minimum=1)  # g
    head_width: int = bounded(minimum=1)  # d
    rope_theta: float = bounded(1e6, above=0)
    norm_epsilon: float = bounded(1e-5, above=0)
    embedding_std: float = bounded(0.02, above=0)  # of new token embeddings; small models from scratch need more
    lora: LoraSpec | None = UPSTREAM_LORA
    dtype: FloatType = "float32"  # of the computation
    param_dtype: FloatType = "float32"  # of the base weights
    weight_format: WeightFormat = "float"  # of the frozen kernels of layers; not embedding, norms, head
    attention: Attention = "auto"  # see `timesuite_jax.layers.attention`
    unroll: bool = False
    remat: Remat = "none"

    def __post_init__(self) -> None:
        """Validates the sizes.

        Raises:
          UserError: naming the field that is out of range.
        """
        check_bounds(self)
        if self.heads % self.kv_heads:
            raise UserError(
                f"mistral.kv_heads={self.kv_heads} does not divide mistral.heads={self.heads}; choose a divisor"
            )
        if self.head_width % 2:
            raise UserError(f"mistral.head_width={self.head_width} is odd; rotary embeddings need an even one")

    @classmethod
    def from_variant(cls, name: str, **changes: Any) -> "MistralSpec":
        """Returns the spec of a named variant, with fields replaced by `changes`.

        Raises:
          UserError: if the variant is unknown.
        """
        if name not in VARIANTS:
            raise UserError(f"Mistral variant {name!r} is unknown; choose one of {sorted(VARIANTS)}")
        return dataclasses.replace(VARIANTS[name], **changes)

    @classmethod
    def from_hf_config(cls, config: Mapping[str, Any], **changes: Any) -> "MistralSpec":
        """Reads the sizes from a Hugging Face `config.json`; fields are replaced by `changes`.

        Raises:
          ValueError: if the file describes an architecture that is not implemented here.
        """
        wanted = {"hidden_act": "silu", "sliding_window": None, "tie_word_embeddings": False, "rope_scaling": None}
        for field, value in wanted.items():
            if config.get(field, value) != value:
                raise ValueError(f"config.json has {field}={config[field]!r}; only {value!r} is implemented")
        heads, width = config["num_attention_heads"], config["hidden_size"]
        # transformers 5 moved the base of the rotary embedding into its own group.
        rope = config.get("rope_parameters") or config
        spec = cls(
            vocab=config["vocab_size"],
            width=width,
            mlp=config["intermediate_size"],
            layers=config["num_hidden_layers"],
            heads=heads,
            kv_heads=config["num_key_value_heads"],
            head_width=config.get("head_dim") or width // heads,
            rope_theta=float(rope["rope_theta"]),
            norm_epsilon=config["rms_norm_eps"],
        )
        return dataclasses.replace(spec, **changes)

    def to_hf_config(self, dtype: str) -> dict[str, Any]:
        """Returns the `config.json` with which transformers loads weights of these sizes, without adapters.

        Args:
          dtype: name of the weights' type.
        """
        return {
            "architectures": ["MistralForCausalLM"],
            "model_type": "mistral",
            "vocab_size": self.vocab,
            "hidden_size": self.width,
            "intermediate_size": self.mlp,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.kv_heads,
            "head_dim": self.head_width,
            "hidden_act": "silu",
            "max_position_embeddings": _POSITIONS,
            "rms_norm_eps": self.norm_epsilon,
            "rope_theta": self.rope_theta,
            "sliding_window": None,
            "tie_word_embeddings": False,
            "torch_dtype": dtype,
        }


VARIANTS = {
    # config.json of mistralai/Mistral-7B-Instruct-v0.2
    "7b-instruct-v0.2": MistralSpec(
        vocab=32000, width=4096, mlp=14336, layers=32, heads=32, kv_heads=8, head_width=128
    ),
    # For tests: small, with grouped heads and several layers.
    "debug": MistralSpec(
        vocab=640, width=64, mlp=128, layers=2, heads=4, kv_heads=2, head_width=16,
        lora=LoraSpec(rank=4, alpha=8, dropout=0.1),
    ),
}  # fmt: skip
