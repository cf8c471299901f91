"""`transformers`' Mistral with low-rank adapters on its linear layers, as `peft` adds them."""

from torch import Tensor, nn
from transformers import MistralConfig, MistralForCausalLM
from workload import Sizes

ADAPTED = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj", "lm_head")


class LoraLinear(nn.Module):
    """A frozen linear layer plus a trained low-rank branch, as `peft` wraps it."""

    def __init__(self, base: nn.Linear, rank: int, alpha: int):
        super().__init__()
        self.base_layer = base
        self.lora_A = nn.ModuleDict({"default": nn.Linear(base.in_features, rank, bias=False)})
        self.lora_B = nn.ModuleDict({"default": nn.Linear(rank, base.out_features, bias=False)})
        self.scaling = alpha / rank

    def forward(self, x: Tensor) -> Tensor:
        return self.base_layer(x) + self.lora_B["default"](self.lora_A["default"](x)) * self.scaling


def mistral_with_adapters(sizes: Sizes) -> MistralForCausalLM:
    """Returns Mistral with adapters on the seven projections and the head."""
    config = MistralConfig(
        vocab_size=sizes.llm_vocab,
        hidden_size=sizes.llm_dim,
        intermediate_size=sizes.llm_mlp,
        num_hidden_layers=sizes.llm_layers,
        num_attention_heads=sizes.llm_heads,
        num_key_value_heads=sizes.llm_kv_heads,
        head_dim=sizes.llm_dim // sizes.llm_heads,
        rms_norm_eps=1e-5,
        rope_theta=1e6,
        sliding_window=None,
        attn_implementation="sdpa",
    )
    model = MistralForCausalLM(config)
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if name in ADAPTED:
                setattr(parent, name, LoraLinear(child, sizes.lora_rank, sizes.lora_alpha))
    return model
