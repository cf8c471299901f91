"""Entries of InternVideo2's video encoder and of the parts that its stages add around it.

patch_embed/{kernel [patch*patch*3 in (h, w, c) order, D], bias}; cls_token
positions/{table | spatial, temporal, cls}; positions/image
blocks/...                    stacked [L, ...]
norm1, norm2 /scale; ls1, ls2 /gamma; attn/{qkv/kernel, q_norm/scale, k_norm/scale, proj}; mlp/{fc1, fc2}
pool/...                      attention pooling, "clip_projector" upstream
"""

import re
from collections.abc import Sequence

from timesuite_jax.port.layout import LINEAR, SAME_1D, SAME_3D, patches
from timesuite_jax.port.table import Entry
from timesuite_jax.port.tables.layers import dense, norm
from timesuite_jax.port.tables.lora import canonical_key

POOL = "clip_projector"
OTHER_POSITIONS = (
    "the file is of another number of frames or another resolution; set weights.position_frames (with `timesuite port "
    "import`, --position-frames) to its frames, and its positions are interpolated"
)
OTHER_TEACHER_POSITIONS = (
    "the teacher is of another number of frames or another resolution; set weights.teacher_position_frames to its "
    "frames, 1 if it encodes images, and its positions are interpolated"
)
_LAYER_SCALE = re.compile(r"(?<=\.)ls[12]$")


def spelling(key: str) -> str:
    """A key as the tables have it; the models of stage 3 name layer scales `ls1`, the others `ls1.gamma`."""
    key = canonical_key(key)
    return f"{key}.gamma" if _LAYER_SCALE.search(key) else key


def entries(
    torch: str,
    jax: str,
    blocks: int,
    patch: int,
    *,
    separate: bool = False,
    own_image: bool = False,
    decoder_positions: Sequence[Entry] = (),
    width: str = "width",
    trainable: bool = True,
) -> list[Entry]:
    """Entries of the encoder with its attention pooling, in the order of upstream's state dict.

    Args:
      torch: prefix of the encoder's keys, "" or with a final ".".
      jax: prefix of ours, "" or with a final "/".
      blocks: number of blocks.
      patch: side of a patch in pixels.
      separate: whether positions in space and time have tables of their own.
      own_image: whether images have a table of positions of their own.
      decoder_positions: entries of position embeddings that are not the encoder's, which upstream lists beside its own.
      width: axis name, see `tables`.
      trainable: see `Entry.trainable`.
    """
    found = [Entry(f"{torch}cls_token", f"{jax}cls_token", SAME_3D, f"_ _ {width}", trainable=trainable)]
    found += positions(torch, jax, "", separate=separate, own_image=own_image, width=width, trainable=trainable)
    found += decoder_positions
    found += dense(
        f"{torch}patch_embed.proj", f"{jax}patch_embed", f"{width} _ _ _ _", patches(patch), trainable=trainable
    )
    for layer in range(blocks):
        place = f"{torch}blocks.{layer}", f"{jax}blocks"
        found += _block(*place, layer, width, trainable)
    return found + pool(f"{torch}{POOL}", f"{jax}pool", width=width, trainable=trainable)


def positions(
    torch: str,
    jax: str,
    use: str,
    *,
    separate: bool,
    own_image: bool = False,
    class_token: bool = True,
    width: str = "width",
    trainable: bool = True,
) -> list[Entry]:
    """Entries of a set of position embeddings.

    Args:
      torch: see `entries`.
      jax: see `entries`.
      use: "" for those of the encoder's input; "clip_" or "mae_" for those of a decoder.
      separate: see `entries`.
      own_image: see `entries`.
      class_token: whether the class token has a position.
      width: see `entries`.
      trainable: see `entries`.
    """
    names = {"pos_embed": "table"}
    if separate:
        names = {"pos_embed_spatial": "spatial", "pos_embed_temporal": "temporal"}
        if class_token:
            names["pos_embed_cls"] = "cls"
    if own_image:
        names["img_pos_embed"] = "image"
    return [
        Entry(f"{torch}{use}{name}", f"{jax}{use}positions/{leaf}", SAME_3D, f"_ _ {width}", trainable=trainable)
        for name, leaf in names.items()
    ]


def pool(torch: str, jax: str, *, width: str, trainable: bool = True) -> list[Entry]:
    """Entries of an attention pooling, whose biases are parameters beside its products."""
    found = []
    for letter, name in (("q", "query"), ("k", "key"), ("v", "value")):
        found += norm(f"{torch}.norm1_{letter}", f"{jax}/norm_{name}", width, trainable=trainable)
    attention, square = f"{torch}.cross_attn", f"{width} {width}"
    for letter, name in (("q", "query"), ("k", "key"), ("v", "value")):
        found.append(Entry(f"{attention}.{letter}_bias", f"{jax}/{name}/bias", SAME_1D, width, trainable=trainable))
    for letter, name in (("q", "query"), ("k", "key"), ("v", "value")):
        found.append(Entry(f"{attention}.{letter}.weight", f"{jax}/{name}/kernel", LINEAR, square, trainable=trainable))
    return [*found, *dense(f"{attention}.proj", f"{jax}/out", f"_ {width}", trainable=trainable)]


def _block(torch: str, jax: str, layer: int, width: str, trainable: bool) -> list[Entry]:
    def vector(theirs: str, ours: str) -> Entry:
        return Entry(f"{torch}.{theirs}", f"{jax}/{ours}", SAME_1D, width, layer, trainable)

    hidden = f"{width}_mlp"
    return [
        vector("norm1.weight", "norm1/scale"),
        Entry(f"{torch}.attn.qkv.weight", f"{jax}/attn/qkv/kernel", LINEAR, f"_ {width}", layer, trainable),
        *dense(f"{torch}.attn.proj", f"{jax}/attn/proj", f"{width} {width}", layer=layer, trainable=trainable),
        vector("attn.q_norm.weight", "attn/q_norm/scale"),
        vector("attn.k_norm.weight", "attn/k_norm/scale"),
        vector("ls1.gamma", "ls1/gamma"),
        vector("norm2.weight", "norm2/scale"),
        *dense(f"{torch}.mlp.fc1", f"{jax}/mlp/fc1", f"{hidden} {width}", layer=layer, trainable=trainable),
        *dense(f"{torch}.mlp.fc2", f"{jax}/mlp/fc2", f"{width} {hidden}", layer=layer, trainable=trainable),
        vector("ls2.gamma", "ls2/gamma"),
    ]
