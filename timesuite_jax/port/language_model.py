"""The part of a model that is a causal language model of Hugging Face's, perhaps with adapters."""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from timesuite_jax.config_spec import build
from timesuite_jax.errors import UserError
from timesuite_jax.port.files.source import Source

if TYPE_CHECKING:
    from timesuite_jax.models.text import MistralSpec


@dataclasses.dataclass(frozen=True)
class LanguageModel:
    """Where a model has its `MistralForCausalLM`."""

    prefix: str  # of its keys in the table
    config_key: str  # of its spec in the config of the model

    def spec(self, model_config: Mapping[str, Any]) -> "MistralSpec":
        """The sizes of the language model.

        Args:
          model_config: every field of the model, see `registry.capabilities.FamilyTask.model_config`.
        """
        from timesuite_jax.models.text import MistralSpec  # imported late: most ports need no model

        return build(MistralSpec, model_config[self.config_key], f"model.{self.config_key}")

    def lora_scaling(self, model_config: Mapping[str, Any]) -> float:
        """The factor on the product of the adapters.

        Raises:
          UserError: if the model has no adapters.
        """
        lora = self.spec(model_config).lora
        if lora is None:
            key = f"model.{self.config_key}.lora"
            raise UserError(f"{key} is None, there are no adapters to merge; leave out --merge-lora")
        return lora.scaling

    def check_sizes(self, source: Source, model_config: Mapping[str, Any]) -> None:
        """Checks that a config is that of a checkpoint, as far as shapes show it.

        Args:
          source: with the keys of the table.
          model_config: every field of the model.

        Raises:
          UserError: if not.
        """
        spec = self.spec(model_config)
        layer = f"model.layers.{spec.layers - 1}"
        expected = {
            "model.embed_tokens.weight": (spec.vocab, spec.width),
            f"{layer}.self_attn.q_proj.weight": (spec.heads * spec.head_width, spec.width),
            f"{layer}.self_attn.k_proj.weight": (spec.kv_heads * spec.head_width, spec.width),
            f"{layer}.mlp.gate_proj.weight": (spec.mlp, spec.width),
            f"model.layers.{spec.layers}.mlp.gate_proj.weight": None,
            "lm_head.lora_A.default.weight": (spec.lora.rank, spec.width) if spec.lora else None,
        }
        for key, shape in expected.items():
            info = source.infos.get(f"{self.prefix}{key}")
            found = info.shape if info else None
            if found != shape:
                raise UserError(
                    f"{source.name}: {key} is {found or 'missing'}, but by the config's model.{self.config_key} it is "
                    f"{shape or 'missing'}; give the --config of this model"
                )

    def merged_config(self, model_config: Mapping[str, Any]) -> dict[str, Any]:
        """The config of the model after its adapters are merged."""
        return {**model_config, self.config_key: {**model_config[self.config_key], "lora": None}}
