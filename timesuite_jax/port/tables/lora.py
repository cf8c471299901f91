"""Entries of dense layers with LoRA adapters, and the two spellings of their keys.

Kernels are [in, out], adapters lora_a [in, r] and lora_b [r, out]. peft 0.3 calls an adapted weight `q_proj.weight`,
newer peft `q_proj.base_layer.weight`. Tables use the former; `canonical_key` reads both, `peft_alias` writes the
latter.
"""

import re
from collections.abc import Container

from timesuite_jax.port.layout import LINEAR
from timesuite_jax.port.table import Entry

_ADAPTER = re.compile(r"(\.lora_[AB])(?:\.(?!weight$)[^.]+)?(?:\.weight)?$")


def linear(torch: str, jax: str, axes: str, *, rank: str | None, layer: int | None = None) -> list[Entry]:
    """A frozen dense layer without bias, and its trainable adapter.

    Args:
      torch: name of the PyTorch module.
      jax: path of ours.
      axes: names of the weight's axes in torch's order, the output first.
      rank: axis name of the adapter's rank; None: no adapter.
      layer: see `Entry.layer`.
    """
    output, input_ = axes.split()
    found = [Entry(f"{torch}.weight", f"{jax}/kernel", LINEAR, axes, layer)]
    if rank is not None:
        for side, names in (("A", f"{rank} {input_}"), ("B", f"{output} {rank}")):
            key = f"{torch}.lora_{side}.default.weight"
            found.append(Entry(key, f"{jax}/lora_{side.lower()}", LINEAR, names, layer, trainable=True))
    return found


def canonical_key(key: str) -> str:
    """The spelling of a key that tables use (peft 0.3 in memory).

    peft's `save_pretrained` omits the name of the adapter, which is "default" or one that the user chose; loralib has
    neither that nor "weight".
    """
    return _ADAPTER.sub(r"\1.default.weight", key.replace(".base_layer.weight", ".weight"))


def peft_alias(key: str, keys: Container[str]) -> str:
    """The spelling of newer peft: `.base_layer` before the weight of a layer whose adapter is among `keys`."""
    module, _, parameter = key.rpartition(".")
    adapted = parameter == "weight" and f"{module}.lora_A.default.weight" in keys
    return f"{module}.base_layer.weight" if adapted else key
