"""The part of a model that is a causal language model of Hugging Face's, perhaps with adapters."""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from timesuite_jax.config_spec import build
from timesuite_jax.errors import UserError

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
            raise UserError(
                f"model.{self.config_key}.lora is None, there are no adapters to merge; leave out --merge-lora"
            )
        return lora.scaling

    def merged_config(self, model_config: Mapping[str, Any]) -> dict[str, Any]:
        """The config of the model after its adapters are merged."""
        return {**model_config, self.config_key: {**model_config[self.config_key], "lora": None}}
