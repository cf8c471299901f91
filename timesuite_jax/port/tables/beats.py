"""Entries of the BEATs audio encoder (`unilm/beats`, and `audio_encoder.` in InternVideo2's checkpoints of stage 2).

patch_embed/kernel [patch*patch in (row, bin) order, patch width]; patch_norm; project/{kernel, bias}
positions/{direction [taps, inputs of a group, D], gain [taps], bias}, "weight_v" and "weight_g"; norm
relative_bias [buckets, heads]
layers/...                    stacked [L, ...]
attention/{query, key, value, out, gate, gate_scale}; attention_norm; mlp/{fc1, fc2}; mlp_norm
"""

from timesuite_jax.port.layout import CONV1D, SAME_1D, SAME_2D, TensorLayout
from timesuite_jax.port.table import Entry
from timesuite_jax.port.tables.layers import dense, norm

_PATCHES = TensorLayout("d 1 p q", "(p q) d")
_GAIN = TensorLayout("1 1 k", "k")
_GATE_SCALE = TensorLayout("1 h 1 1", "h")


def entries(
    torch: str, jax: str, layers: int, patch: int, *, projects: bool, width: str = "audio", trainable: bool = False
) -> list[Entry]:
    """Entries of the encoder, in the order of upstream's state dict without the repeated ones, see `tied`.

    Args:
      torch: prefix of the encoder's keys, "" or with a final ".".
      jax: prefix of ours, "" or with a final "/".
      layers: number of layers.
      patch: side of a patch.
      projects: whether embedded patches are projected to the width of the tokens.
      width: axis name, see `tables`; that of embedded patches is `{width}_patch`.
      trainable: see `Entry.trainable`.
    """
    patches = TensorLayout(_PATCHES.torch, _PATCHES.jax, (("p", patch), ("q", patch)))
    embedded = f"{width}_patch" if projects else width
    found = []
    if projects:
        found += dense(f"{torch}post_extract_proj", f"{jax}project", f"{width} {embedded}", trainable=trainable)
    convolution = f"{torch}encoder.pos_conv.0"
    found += [
        Entry(
            f"{torch}patch_embedding.weight", f"{jax}patch_embed/kernel", patches, f"{embedded} _ _ _", None, trainable
        ),
        Entry(f"{convolution}.bias", f"{jax}positions/bias", SAME_1D, width, None, trainable),
        Entry(f"{convolution}.weight_g", f"{jax}positions/gain", _GAIN, "_ _ _", None, trainable),
        Entry(f"{convolution}.weight_v", f"{jax}positions/direction", CONV1D, f"{width} _ _", None, trainable),
    ]
    for number in range(layers):
        found += _layer(f"{torch}encoder.layers.{number}", jax, number, width, trainable)
    return [
        *found,
        *norm(f"{torch}encoder.layer_norm", f"{jax}norm", width, trainable=trainable),
        *norm(f"{torch}layer_norm", f"{jax}patch_norm", embedded, trainable=trainable),
    ]


def tied(torch: str, layers: int) -> dict[str, str]:
    """Keys of the relative positions of the layers after the first, which share its: `Table.tied`."""
    return {_relative(torch, number): _relative(torch, 0) for number in range(1, layers)}


def state_dict_order(torch: str, names: list[str]) -> list[str]:
    """Keys of `entries`, each layer's with the one of `tied` where upstream's state dict has it."""
    found = []
    for name in names:
        found.append(name)
        layer = name.removeprefix(f"{torch}encoder.layers.").removesuffix(".self_attn.grep_a")
        if name.endswith(".self_attn.grep_a") and layer != "0":
            found.append(_relative(torch, int(layer)))
    return found


def _relative(torch: str, layer: int) -> str:
    return f"{torch}encoder.layers.{layer}.self_attn.relative_attention_bias.weight"


def _layer(torch: str, jax: str, number: int, width: str, trainable: bool) -> list[Entry]:
    theirs, ours = f"{torch}.self_attn", f"{jax}layers/attention"
    place = {"layer": number, "trainable": trainable}
    square, hidden = f"{width} {width}", f"{width}_mlp"
    found = [Entry(f"{theirs}.grep_a", f"{ours}/gate_scale", _GATE_SCALE, "_ _ _ _", number, trainable)]
    if number == 0:
        name = f"{theirs}.relative_attention_bias.weight"
        found.append(Entry(name, f"{jax}relative_bias", SAME_2D, "_ _", None, trainable))
    for short, name in (("k_proj", "key"), ("v_proj", "value"), ("q_proj", "query"), ("out_proj", "out")):
        found += dense(f"{theirs}.{short}", f"{ours}/{name}", square, **place)
    return [
        *found,
        *dense(f"{theirs}.grep_linear", f"{ours}/gate", "_ _", **place),
        *norm(f"{torch}.self_attn_layer_norm", f"{jax}layers/attention_norm", width, **place),
        *dense(f"{torch}.fc1", f"{jax}layers/mlp/fc1", f"{hidden} {width}", **place),
        *dense(f"{torch}.fc2", f"{jax}layers/mlp/fc2", f"{width} {hidden}", **place),
        *norm(f"{torch}.final_layer_norm", f"{jax}layers/mlp_norm", width, **place),
    ]
