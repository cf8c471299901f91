"""The original's loading order for VideoChat-T (`videochat_mistra` upstream), one role a file:

    umt          umt_l16_qformer.pth                 tower and Q-Former of VideoChat2 stage 1
    mistral      Mistral-7B-Instruct-v0.2/           the Hugging Face folder
    videochat2   videochat2_mistral_7b_stage3.pth    overrides tower and Q-Former; adapters, mistral_proj
    good_init    (made here)                         clip_proj = identity, merge_proj = mean of 4 tokens, mistral_proj
    timesuite    timesuite.pth or ckpt_XX.pth        everything that TimeSuite trains
    checkpoint   any complete state dict

Upstream loads each with `strict=False` and prints what did not match; here a role says what its file must hold.
"""

import re
from collections.abc import Collection, Sequence

import numpy as np

from timesuite_jax.port.files.source import Arrays
from timesuite_jax.port.loading_order import CheckpointLayer, ModelPort, Role
from timesuite_jax.port.table import Table
from timesuite_jax.videochat_t.port.table import Sizes, build, canonical, spelling

_BLOCK = re.compile(r"vision_encoder\.encoder\.blocks\.(\d+)\.")
_HEADS = re.compile(r"(text_encoder|qformer\.cls|vision_proj|text_proj|itm_head)\.|temp$")
_MERGED = 4  # tokens merged into one; `token_merge_len` of every config upstream


def _nothing(_: str, __: Collection[str]) -> None:
    return None


def _last_block(name: str, names: Collection[str]) -> str | None:
    """Upstream builds one block fewer than the file has (return_index = -2), so the last is never loaded."""
    if match := _BLOCK.match(name):
        last = max(int(found[1]) for other in names if (found := _BLOCK.match(other)))
        if int(match[1]) == last:
            return "the tower's last block, which the original never runs"
    return "a head of stage-1 pre-training" if _HEADS.match(name) else None


def _rotary(name: str, _: Collection[str]) -> str | None:
    return "rotary frequencies, computed from the config" if name.endswith("rotary_emb.inv_freq") else None


ROLES = (
    Role(
        "umt",
        "umt_l16_qformer.pth: tower and Q-Former of VideoChat2 stage 1",
        canonical,
        lambda entry: entry.torch.startswith("vision_encoder."),
        _last_block,
    ),
    Role(
        "mistral",
        "folder of Mistral-7B-Instruct-v0.2 in Hugging Face's layout",
        lambda name: f"mistral_model.base_model.model.{name}",
        lambda entry: entry.jax.startswith("mistral/") and not entry.trainable,
        _rotary,
    ),
    Role(
        "videochat2",
        "videochat2_mistral_7b_stage3.pth: what VideoChat2 trained",
        canonical,
        lambda entry: entry.torch.startswith(("qformer.", "query_tokens", "extra_query_tokens", "mistral_proj.")),
        _nothing,
    ),
    Role(
        "good_init",
        "clip_proj = identity and merge_proj = mean pooling, made from mistral_proj",
        canonical,
        lambda entry: entry.torch.startswith(("clip_proj.", "merge_proj.")),
        _nothing,
        made=True,
    ),
    Role(
        "timesuite",
        "timesuite.pth or a ckpt_XX.pth: what TimeSuite trained",
        canonical,
        # A model without LoRA or TAPE has no such entries, so this is right for every variant.
        lambda entry: entry.trainable,
        _nothing,
    ),
    Role("checkpoint", "a complete state dict", canonical, lambda entry: False, _nothing),
)
_BY_NAME = {role.name: role for role in ROLES}


def _with_good_init(layers: Sequence[CheckpointLayer]) -> list[CheckpointLayer]:
    """Inserts the initialisation that upstream makes each time it builds the model, right before TimeSuite's weights.

    Only stage-3 weights call for it: a complete checkpoint brings its own projections.
    """
    holders = [layer for layer in layers if layer.role.name == "videochat2"]
    if not holders or "mistral_proj.weight" not in holders[-1].source.infos:
        return list(layers)
    source = holders[-1].source
    projection = np.asarray(source.read("mistral_proj.weight"), np.float32)
    bias = np.array(source.read("mistral_proj.bias"), np.float32)
    width = projection.shape[-1]
    arrays = {
        "clip_proj.weight": np.eye(width, dtype=np.float32),
        "clip_proj.bias": np.zeros(width, np.float32),
        "merge_proj.weight": np.tile(projection, (1, _MERGED)) / np.float32(_MERGED),
        "merge_proj.bias": bias,
    }
    made = CheckpointLayer(_BY_NAME["good_init"], Arrays(f"good_init from {source.name}", arrays))
    after = [layer for layer in layers if layer.role.name in ("timesuite", "checkpoint")]
    return [*(layer for layer in layers if layer not in after), made, *after]


def _ignored(name: str, table: Table) -> str | None:
    if name.startswith("mistral_proj."):
        return "only the source of merge_proj's initialisation; the forward pass does not use it"
    blocks = 1 + max((int(match[1]) for other in table.entries if (match := _BLOCK.match(other))), default=-1)
    if (match := _BLOCK.match(name)) and int(match[1]) == blocks:
        return "the tower's last block, which the original never runs"
    text_free = "qformer/embeddings/word/embedding" not in {entry.jax for entry in table.entries.values()}
    if text_free and re.match(
        r"qformer\.bert\.(embeddings\.(word|position)|encoder\.layer\.\d+\.(interm|output\.))", name
    ):
        return "text side of the Q-Former, which a model without text input leaves out"
    return None


def _hint(name: str, found: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    if name.endswith(("word_embeddings.weight", "embed_tokens.weight", "lm_head.weight")) and found[1:] == wanted[1:]:
        return "another vocabulary; embeddings are never resized silently, set the config's vocabulary"
    if name == "temp_adap.fc.0.weight" and found[:2] == wanted[:2]:
        return f"trained with {found[2] - 1} clips, this model has {wanted[2] - 1}; set the config's number of frames"
    return "transposed" if found == wanted[::-1] else ""


PORT = ModelPort(
    name="videochat_t",
    title="VideoChat-T",
    roles=ROLES,
    table_for_torch=lambda shapes: build(Sizes.from_torch(shapes)),
    table_for_tree=lambda shapes: build(Sizes.from_tree(shapes)),
    ignored=_ignored,
    derived=_with_good_init,
    new_spelling=spelling,
    hint=_hint,
)
