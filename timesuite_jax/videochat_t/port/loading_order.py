"""The original's loading order for VideoChat-T (`videochat_mistra` upstream), one role for each file:

    umt          umt_l16_qformer.pth                 vision encoder and Q-Former of VideoChat2 stage 1
    mistral      Mistral-7B-Instruct-v0.2/           the Hugging Face folder
    videochat2   videochat2_mistral_7b_stage3.pth    overrides both; adapters, mistral_proj
    good_init    (computed)                          clip_proj = identity, merge_proj = mean of 4 tokens, mistral_proj
    checkpoint   any complete state dict             in place of the files above
    timesuite    timesuite.pth or ckpt_XX.pth        everything that TimeSuite trains

Upstream loads each with `strict=False` and prints the keys that did not match; here a role declares what its file must
contain.
"""

import re
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from timesuite_jax.port.files.source import Arrays
from timesuite_jax.port.language_model import LanguageModel
from timesuite_jax.port.loading_order import CheckpointLayer, ModelPort, Role, Shape
from timesuite_jax.port.table import Table
from timesuite_jax.port.tables.lora import canonical_key
from timesuite_jax.videochat_t.port.sizes import BERT, LLM, VISION, VideoChatTSizes
from timesuite_jax.videochat_t.port.table import build

_BLOCK = re.compile(rf"{re.escape(VISION)}\.blocks\.(\d+)\.")
_HEADS = re.compile(r"(text_encoder|qformer\.cls|vision_proj|text_proj|itm_head)\.|temp$")
_TEXT_SIDE = re.compile(rf"{re.escape(BERT)}\.(embeddings\.(word|position)|encoder\.layer\.\d+\.(interm|output\.))")
_UNUSED_BLOCK = "the vision encoder's last block, which the original never runs"
_MERGED = 4  # tokens merged into one; `token_merge_len` of every config upstream


def _stage1_only(name: str, names: Collection[str]) -> str | None:
    """Upstream builds one block fewer than the file has (return_index = -2), so the last is never loaded."""
    if match := _BLOCK.match(name):
        last = max(int(found[1]) for other in names if (found := _BLOCK.match(other)))
        if int(match[1]) == last:
            return _UNUSED_BLOCK
    return "a head of stage-1 pre-training" if _HEADS.match(name) else None


def _rotary(name: str, _: Collection[str]) -> str | None:
    return "rotary frequencies, computed from the config" if name.endswith("rotary_emb.inv_freq") else None


def _is_adapter(key: str) -> bool:
    return ".lora_" in key


def _spelling(key: str) -> str:
    """A key of a model with or without adapters, or of its adapters alone, as the table has it.

    Without peft, or after its `merge_and_unload`, the language model lacks "base_model.model."; wrapped twice, it has
    it twice.
    """
    key = canonical_key(key)
    if key.startswith(_PEFT):
        key = f"{_MODEL}{key}"
    if not key.startswith(_MODEL):
        return key
    key = key.removeprefix(_MODEL)
    while key.startswith(_PEFT):
        key = key.removeprefix(_PEFT)
    return f"{LLM}.{key}"


_MODEL, _PEFT = "mistral_model.", "base_model.model."
_ROOTS = (
    *("vision_encoder", "vision_layernorm", "qformer", "query_tokens", "extra_query_tokens", "mistral_model"),
    *("clip_proj", "merge_proj", "mistral_proj", "temp_adap"),
)
_STAGE3 = ("qformer.", "query_tokens", "extra_query_tokens", "mistral_proj.")
_GOOD_INIT = Role(
    "good_init",
    "clip_proj = identity and merge_proj = mean pooling, computed from mistral_proj",
    requires=lambda entry: entry.torch.startswith(("clip_proj.", "merge_proj.")),
    computed=True,
)
ROLES = (
    Role(
        "umt",
        "umt_l16_qformer.pth: vision encoder and Q-Former of VideoChat2 stage 1",
        roots=_ROOTS,
        requires=lambda entry: entry.torch.startswith("vision_encoder."),
        ignored=_stage1_only,
    ),
    Role(
        "mistral",
        "folder of Mistral-7B-Instruct-v0.2 in Hugging Face's layout",
        prefix=f"{LLM}.",
        roots=(r"model\.embed_tokens", r"model\.layers", r"model\.norm", "lm_head"),
        spelling=_spelling,
        requires=lambda entry: entry.jax.startswith("mistral/") and not entry.trainable,
        ignored=_rotary,
    ),
    Role(
        "videochat2",
        "videochat2_mistral_7b_stage3.pth: what VideoChat2 trained",
        roots=_ROOTS,
        spelling=_spelling,
        requires=lambda entry: entry.torch.startswith(_STAGE3),
    ),
    _GOOD_INIT,
    Role(
        "checkpoint",
        "a complete state dict",
        roots=_ROOTS,
        spelling=_spelling,
        # Adapters of an earlier file do not belong to this one's kernels, into which others may have been merged.
        requires=lambda entry: _is_adapter(entry.torch),
        complete=True,
    ),
    Role(
        "timesuite",
        "timesuite.pth or a ckpt_XX.pth: what TimeSuite trained",
        roots=_ROOTS,
        spelling=_spelling,
        # A model without LoRA or TAPE has no such entries, so this is right for every variant.
        requires=lambda entry: entry.trainable,
    ),
)


class VideoChatTPort(ModelPort):
    """The port of VideoChat-T."""

    name = "videochat_t"
    title = "VideoChat-T"
    roles = ROLES
    language_model = LanguageModel(f"{LLM}.", "mistral")
    tree_roots = (
        *("vision_encoder", "vision_layernorm", "qformer", "query_tokens", "extra_query_tokens", "mistral"),
        *("clip_proj", "merge_proj", "mistral_proj", "temp_adap"),
    )

    def table_for_torch(self, shapes: Mapping[str, Shape]) -> Table:
        """See `ModelPort`."""
        return build(VideoChatTSizes.from_torch(shapes))

    def table_for_tree(self, shapes: Mapping[str, Shape]) -> Table:
        """See `ModelPort`."""
        return build(VideoChatTSizes.from_tree(shapes))

    def with_computed_layers(self, layers: Sequence[CheckpointLayer]) -> Sequence[CheckpointLayer]:
        """Inserts the initialization that upstream makes each time it builds the model, before TimeSuite's weights.

        Only stage-3 weights need it: a complete checkpoint has its own projections.
        """
        stage3 = [layer for layer in layers if layer.role.name == "videochat2"]
        if not stage3 or not {"mistral_proj.weight", "mistral_proj.bias"} <= stage3[-1].keys.keys():
            return layers
        projection = np.asarray(stage3[-1].read("mistral_proj.weight"), np.float32)
        bias = np.array(stage3[-1].read("mistral_proj.bias"), np.float32)
        width = projection.shape[-1]
        arrays = {
            "clip_proj.weight": np.eye(width, dtype=np.float32),
            "clip_proj.bias": np.zeros(width, np.float32),
            "merge_proj.weight": np.tile(projection, (1, _MERGED)) / np.float32(_MERGED),
            "merge_proj.bias": bias,
        }
        good_init = CheckpointLayer(_GOOD_INIT, Arrays(f"good_init from {stage3[-1].source.name}", arrays))
        after = [layer for layer in layers if layer.role.name in ("timesuite", "checkpoint")]
        return [*(layer for layer in layers if layer not in after), good_init, *after]

    def reason_to_ignore(self, key: str, table: Table) -> str | None:
        """The projection that only good_init needs, the unused block, and text layers of a model without text."""
        if key.startswith("mistral_proj."):
            return "only the source of merge_proj's initialization; the forward pass does not use it"
        blocks = 1 + max((int(match[1]) for other in table.entries if (match := _BLOCK.match(other))), default=-1)
        if (match := _BLOCK.match(key)) and int(match[1]) == blocks:
            return _UNUSED_BLOCK
        text_free = ("qformer", "embeddings", "word", "embedding") not in table.by_path
        if text_free and _TEXT_SIDE.match(key):
            return "text side of the Q-Former, which a model without text input omits"
        return None

    def missing_hint(self, keys: Sequence[str]) -> str:
        """A model without adapters."""
        if not keys or not all(map(_is_adapter, keys)):
            return ""
        return (
            "a base model, or one whose adapters were merged, has no LoRA keys: to use it as it is, give its file "
            "alone and set model.mistral.lora=None in the config; to train new adapters, expect "
            "'*.lora_?.default.weight' to be missing"
        )

    def shape_hint(self, key: str, found: Shape, wanted: Shape) -> str:
        """Another vocabulary, another number of clips, or a transposed kernel."""
        vocabulary = key.endswith(("word_embeddings.weight", "embed_tokens.weight", "lm_head.weight"))
        if vocabulary and found[1:] == wanted[1:]:
            return "another vocabulary; embeddings are never resized silently, set the config's vocabulary"
        if key == "temp_adap.fc.0.weight" and found[:2] == wanted[:2]:
            clips = f"trained with {found[2] - 1} clips, this model has {wanted[2] - 1}"
            return f"{clips}; set model.num_frames or model.tape_clips"
        return "transposed" if found == wanted[::-1] else ""

    def files_with_trained(self, files: Sequence[str], trained: str) -> list[str]:
        """See `ModelPort`; an earlier file of TimeSuite's training is replaced."""
        return [*(file for file in files if not file.startswith("timesuite=")), f"timesuite={trained}"]

    def name_without_adapters(self, key: str) -> str:
        """That of a language model which peft does not wrap."""
        return key.replace(f"{_MODEL}{_PEFT}", _MODEL, 1) if key.startswith(_MODEL) else key


PORT = VideoChatTPort()
