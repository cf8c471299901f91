"""The table of VideoChat-T: upstream `OpenGVLab/TimeSuite`, `models/videochat_mistra`, both variants.

The parameter tree that it fills:

    vision_encoder/patch_embed/{kernel [patch*patch*3 in (h, w, c) order, D], bias}
    vision_encoder/blocks/...            stacked [L, ...]
        norm1, norm2 /{scale, bias}; attn/{qkv/kernel [L, D, 3D], q_bias, v_bias}; attn/proj, mlp/fc1, mlp/fc2
    vision_layernorm/{scale, bias}
    query_tokens [1, N, D]; extra_query_tokens [1, N', D]
    qformer/embeddings/{word/embedding, position/embedding, norm/{scale, bias}}
    qformer/pairs/even/...               stacked [P, ...]: layers 0, 2, 4, ... with cross-attention
    qformer/pairs/odd/...                stacked [P, ...]: layers 1, 3, 5, ...; P = layers // 2
    qformer/last_even/...                not stacked: the last of an odd number of layers
        {attention, cross_attention}/{query, key, value, out, norm}
        {text_mlp, query_mlp}/{fc1, fc2}; text_norm, query_norm
    mistral/embed/embedding [V, D]; mistral/norm/scale; mistral/lm_head/{kernel, lora_a, lora_b}
    mistral/layers/...                   stacked [L, ...]
        {input_norm, post_norm}/scale; attn/{q, k, v, o}, mlp/{gate, up, down} /{kernel, lora_a, lora_b}
    clip_proj, merge_proj /{kernel, bias}
    temp_adap/...                        LinearProAda only (TAPE)
        {linear_input, linear_output}/{kernel [in, out], bias}
        {down1, down2, up1, up0}/{depthwise/{kernel [k, 1, D], bias}, pointwise/{kernel [in, out], bias}, norm}
        bottleneck/{conv/{kernel [k, in, out], bias}, norm}
    mistral_proj/{kernel, bias}          passenger: only the source of merge_proj's initialisation

The names of axes are the widths of the tower, the Q-Former ("query"), the language model ("llm") and the TAPE, the
widths inside their feed-forwards (*_mlp) and heads, the vocabularies and the rank of the adapters.

Kernels are [in, out], adapters lora_a [in, r] and lora_b [r, out]. peft 0.3 calls an adapted weight `q_proj.weight`,
newer peft `q_proj.base_layer.weight`: both are read (`canonical`), either can be written (`spelling`).
"""

import dataclasses
import functools
import re
from collections.abc import Mapping

import numpy as np

from timesuite_jax.port.layout import CONV1D, LINEAR, POINTWISE, SAME_1D, SAME_2D, SAME_3D, TensorLayout, patches
from timesuite_jax.port.table import Constant, Entry, Table

_BERT = "qformer.bert"
_LLM = "mistral_model.base_model.model"
_VIT = "vision_encoder.encoder"
_PROJECTIONS = {  # theirs -> ours, and the axes
    "self_attn.q_proj": ("attn/q", "llm_heads", "llm"),
    "self_attn.k_proj": ("attn/k", "llm_kv_heads", "llm"),
    "self_attn.v_proj": ("attn/v", "llm_kv_heads", "llm"),
    "self_attn.o_proj": ("attn/o", "llm", "llm_heads"),
    "mlp.gate_proj": ("mlp/gate", "llm_mlp", "llm"),
    "mlp.up_proj": ("mlp/up", "llm_mlp", "llm"),
    "mlp.down_proj": ("mlp/down", "llm", "llm_mlp"),
}


@dataclasses.dataclass(frozen=True)
class Sizes:
    """What decides which keys exist; all other sizes are read off the tensors."""

    vision_blocks: int  # blocks that run (23 of UMT-L/16's 24)
    patch: int
    qformer_layers: int
    positions: int  # length of the Q-Former's position table
    mistral_layers: int
    text_input: bool = True  # does the Q-Former read the clip's time text?
    lora: bool = True
    time_adapter: bool = True  # LinearProAda (True) or LinearP (False)
    mistral_proj: bool = False  # is the passenger aboard?

    @classmethod
    def from_torch(cls, shapes: Mapping[str, tuple[int, ...]]) -> "Sizes":
        """Reads the sizes off the shapes of a complete state dict with canonical names.

        Raises:
          KeyError: naming the key that a VideoChat-T checkpoint must have and this one lacks.
        """

        def count(pattern: str) -> int:
            """How many layers there are without a gap; a name with a forged number costs nothing."""
            found = {match[1] for name in shapes if (match := re.match(pattern, name))}
            layers = 0
            while str(layers) in found:
                layers += 1
            if not layers:
                raise KeyError(pattern.replace("\\", "").replace("(d+)", "0"))
            return layers

        text = f"{_BERT}.embeddings.position_embeddings.weight"
        return cls(
            vision_blocks=count(rf"{re.escape(_VIT)}\.blocks\.(\d+)\."),
            patch=(shapes[f"{_VIT}.patch_embed.proj.weight"] or (1,))[-1],
            qformer_layers=count(rf"{re.escape(_BERT)}\.encoder\.layer\.(\d+)\."),
            positions=(shapes.get(text) or (512,))[0],
            mistral_layers=count(rf"{re.escape(_LLM)}\.model\.layers\.(\d+)\."),
            text_input=text in shapes,
            lora=f"{_LLM}.lm_head.lora_A.default.weight" in shapes,
            time_adapter="temp_adap.linear_input.weight" in shapes,
            mistral_proj="mistral_proj.weight" in shapes,
        )

    @classmethod
    def from_tree(cls, shapes: Mapping[str, tuple[int, ...]]) -> "Sizes":
        """Reads the sizes off the shapes of a parameter tree, keyed by path joined with "/".

        Raises:
          KeyError: naming the parameter that a VideoChat-T tree must have and this one lacks.
        """
        pairs = shapes.get("qformer/pairs/even/query_norm/scale", (0,))[0]
        text = "qformer/embeddings/position/embedding"
        return cls(
            vision_blocks=shapes["vision_encoder/blocks/norm1/scale"][0],
            patch=round((shapes["vision_encoder/patch_embed/kernel"][0] / 3) ** 0.5),
            qformer_layers=2 * pairs + ("qformer/last_even/query_norm/scale" in shapes),
            positions=shapes[text][0] if text in shapes else 512,
            mistral_layers=shapes["mistral/layers/input_norm/scale"][0],
            text_input=text in shapes,
            lora="mistral/lm_head/lora_a" in shapes,
            time_adapter="temp_adap/linear_input/kernel" in shapes,
            mistral_proj="mistral_proj/kernel" in shapes,
        )


def canonical(name: str) -> str:
    """The spelling that the table uses (peft 0.3): without `.base_layer`."""
    return name.replace(".base_layer.weight", ".weight")


def spelling(name: str) -> str:
    """The spelling of newer peft for a canonical name: adapted weights get `.base_layer`."""
    adapted = "|".join(re.escape(projection) for projection in [*_PROJECTIONS, "lm_head"])
    return re.sub(rf"^({re.escape(_LLM)}\..*(?:{adapted}))\.weight$", r"\1.base_layer.weight", name)


def build(sizes: Sizes) -> Table:
    """The table for one size, its keys in the order of upstream's state dict."""
    entries = [
        Entry("query_tokens", "query_tokens", SAME_3D, "_ _ query", trainable=True),
        Entry("extra_query_tokens", "extra_query_tokens", SAME_3D, "_ _ query", trainable=True),
        *_vision(sizes),
        *_qformer(sizes),
        *_mistral(sizes),
        *_dense("clip_proj", "clip_proj", "query query", trainable=True),
        *_dense("merge_proj", "merge_proj", "llm merged", trainable=True),
    ]
    if sizes.mistral_proj:
        entries += _dense("mistral_proj", "mistral_proj", "llm query", passenger=True)
    if sizes.time_adapter:
        entries += _time_adapter()
    ids = f"{_BERT}.embeddings.position_ids"
    constants = [Constant(ids, functools.partial(_position_ids, sizes.positions))]
    ranks: dict[str, float] = {entry.torch: rank for rank, entry in enumerate(entries)}
    # Buffers come before the sub-modules of their module, so the ids stand at the head of the Q-Former.
    ranks[ids] = next(rank for rank, entry in enumerate(entries) if entry.torch.startswith(_BERT)) - 0.5
    return Table("videochat_t", entries, constants, order=ranks.__getitem__)


def _position_ids(positions: int) -> np.ndarray:
    return np.arange(positions, dtype=np.int64)[None]


def _dense(torch: str, jax: str, axes: str, layout: TensorLayout = LINEAR, **kwargs) -> list[Entry]:
    return [
        Entry(f"{torch}.weight", f"{jax}/kernel", layout, axes, **kwargs),
        Entry(f"{torch}.bias", f"{jax}/bias", SAME_1D, axes.split()[0], **kwargs),
    ]


def _norm(torch: str, jax: str, axis: str, **kwargs) -> list[Entry]:
    return [
        Entry(f"{torch}.weight", f"{jax}/scale", SAME_1D, axis, **kwargs),
        Entry(f"{torch}.bias", f"{jax}/bias", SAME_1D, axis, **kwargs),
    ]


def _vision(sizes: Sizes) -> list[Entry]:
    patch_embed = f"{_VIT}.patch_embed.proj", "vision_encoder/patch_embed"
    entries = _dense(*patch_embed, "tower _ _ _ _", patches(sizes.patch))
    for layer in range(sizes.vision_blocks):
        torch, jax = f"{_VIT}.blocks.{layer}", "vision_encoder/blocks"
        entries += [
            *_norm(f"{torch}.norm1", f"{jax}/norm1", "tower", layer=layer),
            Entry(f"{torch}.attn.q_bias", f"{jax}/attn/q_bias", SAME_1D, "tower", layer),
            Entry(f"{torch}.attn.v_bias", f"{jax}/attn/v_bias", SAME_1D, "tower", layer),
            Entry(f"{torch}.attn.qkv.weight", f"{jax}/attn/qkv/kernel", LINEAR, "_ tower", layer),
            *_dense(f"{torch}.attn.proj", f"{jax}/attn/proj", "tower tower", layer=layer),
            *_norm(f"{torch}.norm2", f"{jax}/norm2", "tower", layer=layer),
            *_dense(f"{torch}.mlp.fc1", f"{jax}/mlp/fc1", "tower_mlp tower", layer=layer),
            *_dense(f"{torch}.mlp.fc2", f"{jax}/mlp/fc2", "tower tower_mlp", layer=layer),
        ]
    return [*entries, *_norm("vision_layernorm", "vision_layernorm", "tower")]


def _qformer(sizes: Sizes) -> list[Entry]:
    embeddings = f"{_BERT}.embeddings"
    entries = []
    if sizes.text_input:
        for kind, count in (("word", "words"), ("position", "positions")):
            entries.append(
                Entry(
                    f"{embeddings}.{kind}_embeddings.weight",
                    f"qformer/embeddings/{kind}/embedding",
                    SAME_2D,
                    f"{count} query",
                    trainable=True,
                )
            )
    entries += _norm(f"{embeddings}.LayerNorm", "qformer/embeddings/norm", "query", trainable=True)
    for number in range(sizes.qformer_layers):
        pair, odd = divmod(number, 2)
        if pair == sizes.qformer_layers // 2:
            jax, layer = "qformer/last_even", None
        else:
            jax, layer = f"qformer/pairs/{'odd' if odd else 'even'}", pair
        torch, options = f"{_BERT}.encoder.layer.{number}", {"layer": layer, "trainable": True}
        parts = [("attention", "attention")] + ([] if odd else [("crossattention", "cross_attention")])
        for theirs, ours in parts:
            read = "query tower" if theirs == "crossattention" else "query query"
            for name, axes in (("query", "query query"), ("key", read), ("value", read)):
                entries += _dense(f"{torch}.{theirs}.self.{name}", f"{jax}/{ours}/{name}", axes, **options)
            entries += _dense(f"{torch}.{theirs}.output.dense", f"{jax}/{ours}/out", "query query", **options)
            entries += _norm(f"{torch}.{theirs}.output.LayerNorm", f"{jax}/{ours}/norm", "query", **options)
        feeds = ([("", "text")] if sizes.text_input else []) + [("_query", "query")]
        for suffix, ours in feeds:
            hidden, out = f"{torch}.intermediate{suffix}", f"{torch}.output{suffix}"
            entries += _dense(f"{hidden}.dense", f"{jax}/{ours}_mlp/fc1", "query_mlp query", **options)
            entries += _dense(f"{out}.dense", f"{jax}/{ours}_mlp/fc2", "query query_mlp", **options)
            entries += _norm(f"{out}.LayerNorm", f"{jax}/{ours}_norm", "query", **options)
    return entries


def _mistral(sizes: Sizes) -> list[Entry]:
    def adapted(torch: str, jax: str, out: str, into: str, layer: int | None = None) -> list[Entry]:
        entries = [Entry(f"{torch}.weight", f"{jax}/kernel", LINEAR, f"{out} {into}", layer)]
        if sizes.lora:
            for side, axes in (("A", f"rank {into}"), ("B", f"{out} rank")):
                name = f"{torch}.lora_{side}.default.weight"
                entries.append(Entry(name, f"{jax}/lora_{side.lower()}", LINEAR, axes, layer, trainable=True))
        return entries

    entries = [Entry(f"{_LLM}.model.embed_tokens.weight", "mistral/embed/embedding", SAME_2D, "vocab llm")]
    for layer in range(sizes.mistral_layers):
        torch, jax = f"{_LLM}.model.layers.{layer}", "mistral/layers"
        for theirs, (ours, out, into) in _PROJECTIONS.items():
            entries += adapted(f"{torch}.{theirs}", f"{jax}/{ours}", out, into, layer)
        for theirs, ours in (("input_layernorm", "input_norm"), ("post_attention_layernorm", "post_norm")):
            entries.append(Entry(f"{torch}.{theirs}.weight", f"{jax}/{ours}/scale", SAME_1D, "llm", layer))
    return [
        *entries,
        Entry(f"{_LLM}.model.norm.weight", "mistral/norm/scale", SAME_1D, "llm"),
        *adapted(f"{_LLM}.lm_head", "mistral/lm_head", "vocab", "llm"),
    ]


def _time_adapter() -> list[Entry]:
    entries = []
    for name, axes in (("linear_input", "tape query"), ("linear_output", "llm tape")):
        entries += _dense(f"temp_adap.{name}", f"temp_adap/{name}", axes, trainable=True)

    def separable(theirs: str, ours: str) -> list[Entry]:
        return [
            *_dense(f"temp_adap.{theirs}.0", f"temp_adap/{ours}/depthwise", "tape _ _", CONV1D, trainable=True),
            *_dense(f"temp_adap.{theirs}.1", f"temp_adap/{ours}/pointwise", "tape tape _", POINTWISE, trainable=True),
            *_norm(f"temp_adap.{theirs}.2.layer_norm", f"temp_adap/{ours}/norm", "tape", trainable=True),
        ]

    return [
        *entries,
        *separable("DwConv1", "down1"),
        *separable("DwConv2", "down2"),
        *_dense("temp_adap.fc.0", "temp_adap/bottleneck/conv", "tape tape _", CONV1D, trainable=True),
        *_norm("temp_adap.fc.1.layer_norm", "temp_adap/bottleneck/norm", "tape", trainable=True),
        *separable("UpConv1", "up1"),
        *separable("UpConv0", "up0"),
    ]
