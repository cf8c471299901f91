"""Entries of Mistral (Hugging Face `MistralForCausalLM`) with or without LoRA adapters.

embed/embedding [V, D]; norm/scale; lm_head/{kernel, lora_a, lora_b}
layers/...                    stacked [L, ...]
{input_norm, post_norm}/scale; attn/{q, k, v, o}, mlp/{gate, up, down} /{kernel, lora_a, lora_b}
"""

from timesuite_jax.port.layout import SAME_1D, SAME_2D
from timesuite_jax.port.table import Entry
from timesuite_jax.port.tables.lora import linear

_PROJECTIONS = {  # theirs -> ours, and the names of the axes without the prefix of the width
    "self_attn.q_proj": ("attn/q", "_heads", ""),
    "self_attn.k_proj": ("attn/k", "_kv_heads", ""),
    "self_attn.v_proj": ("attn/v", "_kv_heads", ""),
    "self_attn.o_proj": ("attn/o", "", "_heads"),
    "mlp.gate_proj": ("mlp/gate", "_mlp", ""),
    "mlp.up_proj": ("mlp/up", "_mlp", ""),
    "mlp.down_proj": ("mlp/down", "", "_mlp"),
}
_NORMS = {"input_layernorm": "input_norm", "post_attention_layernorm": "post_norm"}


def entries(torch: str, jax: str, layers: int, *, lora: bool, width: str) -> list[Entry]:
    """Entries of a causal language model; only adapters are trainable.

    Args:
      torch: name of the `MistralForCausalLM`.
      jax: path of ours.
      layers: number of layers.
      lora: whether its projections and its head have adapters.
      width: axis name, see `tables`.
    """
    rank = f"{width}_rank" if lora else None
    vocab = f"{width}_vocab"
    found = [Entry(f"{torch}.model.embed_tokens.weight", f"{jax}/embed/embedding", SAME_2D, f"{vocab} {width}")]
    for layer in range(layers):
        module, place = f"{torch}.model.layers.{layer}", f"{jax}/layers"
        for theirs, (ours, output, input_) in _PROJECTIONS.items():
            axes = f"{width}{output} {width}{input_}"
            found += linear(f"{module}.{theirs}", f"{place}/{ours}", axes, rank=rank, layer=layer)
        for theirs, ours in _NORMS.items():
            found.append(Entry(f"{module}.{theirs}.weight", f"{place}/{ours}/scale", SAME_1D, width, layer))
    return [
        *found,
        Entry(f"{torch}.model.norm.weight", f"{jax}/norm/scale", SAME_1D, width),
        *linear(f"{torch}.lm_head", f"{jax}/lm_head", f"{vocab} {width}", rank=rank),
    ]
