"""The port table of VideoChat-T: upstream `OpenGVLab/TimeSuite`, `models/videochat_mistra`, both variants.

Parameters beside those of the parts (`port.tables.umt`, `.qformer`, `.mistral`, `videochat_t.port.tape`):

    vision_layernorm/{scale, bias}
    query_tokens [1, N, D]; extra_query_tokens [1, N', D]
    clip_proj, merge_proj /{kernel, bias}
    mistral_proj/{kernel, bias}          export only: the source of merge_proj's initialization

The names of axes are the widths of the vision encoder ("tower"), the Q-Former ("query"), the language model ("llm") and
the time adapter ("tape").
"""

from timesuite_jax.port.layout import SAME_3D
from timesuite_jax.port.table import Entry, Table
from timesuite_jax.port.tables import bert, mistral, qformer, umt
from timesuite_jax.port.tables.layers import dense, norm
from timesuite_jax.videochat_t.port import tape
from timesuite_jax.videochat_t.port.sizes import BERT, LLM, VISION, VideoChatTSizes


def build(sizes: VideoChatTSizes) -> Table:
    """The table for one size, its keys in the order of upstream's state dict."""
    text_input = sizes.text_input
    language_model = mistral.entries(LLM, "mistral", sizes.mistral_layers, lora=sizes.lora, width="llm")
    entries = [
        Entry("query_tokens", "query_tokens", SAME_3D, "_ _ query", trainable=True),
        Entry("extra_query_tokens", "extra_query_tokens", SAME_3D, "_ _ query", trainable=True),
        *umt.entries(VISION, "vision_encoder", sizes.vision_blocks, sizes.patch, width="tower"),
        *norm("vision_layernorm", "vision_layernorm", "tower"),
        *qformer.entries(
            BERT, "qformer", sizes.qformer_layers, text_input=text_input, width="query", memory="tower", trainable=True
        ),
        *language_model,
        *dense("clip_proj", "clip_proj", "query query", trainable=True),
        *dense("merge_proj", "merge_proj", "llm merged", trainable=True),
    ]
    if sizes.mistral_proj:
        entries += dense("mistral_proj", "mistral_proj", "llm query", export_only=True)
    if sizes.time_adapter:
        entries += tape.entries("temp_adap", "temp_adap", width="tape", query="query", llm="llm")
    ids = bert.position_ids(f"{BERT}.embeddings", sizes.positions)
    ranks: dict[str, float] = {entry.torch: rank for rank, entry in enumerate(entries)}
    # Buffers come before the sub-modules of their module, so the ids are first in the Q-Former.
    ranks[ids.torch] = next(rank for rank, entry in enumerate(entries) if entry.torch.startswith(BERT)) - 0.5
    return Table("videochat_t", entries, [ids], order=ranks.__getitem__)
