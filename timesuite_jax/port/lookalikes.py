"""Names well-known models and files by the keys of their state dicts, for errors about the wrong file."""

import re
from collections.abc import Collection
from typing import NamedTuple


class Lookalike(NamedTuple):
    """A kind of file, and regular expressions each of which must be found in one of its keys."""

    kind: str
    patterns: tuple[str, ...]


LOOKALIKES = (
    Lookalike("the optimizer state of a training run", (r"(exp_avg|optimizer_state|fp32_flat_groups)",)),
    Lookalike("LoRA adapters of PEFT without their base model", (r"^base_model\.model\..*lora_A",)),
    Lookalike("VideoChat2 or VideoChat-T", (r"^qformer\.bert\.", r"^(vision_encoder\.encoder|mistral_model)\.")),
    Lookalike("stage 1 of VideoChat2 (UMT)", (r"^vision_encoder\.encoder\.blocks\.", r"^text_encoder\.")),
    Lookalike("MQSA-TED", (r"^block_(short|long)_query/",)),
    Lookalike(
        "InternVideo2", (r"(^|\.)blocks\.\d+\.attn\.qkv\.weight", r"(clip_decoder|clip_projector|img_pos_embed)")
    ),
    Lookalike("LLaVA or another model with a vision tower", (r"(mm_projector|multi_modal_projector)\.",)),
    Lookalike("BLIP-2 or InstructBLIP", (r"^(t5_model|opt_model|language_projection|llm_proj)\b", r"(?i)qformer\.")),
    Lookalike("CLIP of OpenAI or OpenCLIP", (r"visual\.(transformer\.resblocks|trunk)\.",)),
    Lookalike("CLIP or SigLIP of Hugging Face", (r"vision_model\.encoder\.layers\.", r"text_model\.")),
    Lookalike("a causal language model of Hugging Face", (r"(^|\.)layers\.\d+\.self_attn\.q_proj\.",)),
    Lookalike("a language model in Mistral's or Llama's own format", (r"^layers\.\d+\.attention\.w[qkv]\.",)),
    Lookalike("GPT-2", (r"(^|\.)h\.\d+\.attn\.c_attn\.",)),
    Lookalike("T5", (r"(^|\.)encoder\.block\.\d+\.layer\.0\.SelfAttention\.",)),
    Lookalike("a recommender of RecBole", (r"^(item_embedding|trm_encoder|gru_layers)\.",)),
    Lookalike("BERT", (r"(^|\.)encoder\.layer\.\d+\.attention\.self\.query\.",)),
    Lookalike("a vision transformer (timm)", (r"(^|\.)patch_embed\.proj\.", r"(^|\.)blocks\.\d+\.attn\.")),
    Lookalike("a ResNet", (r"(^|\.)layer4\.\d+\.conv2\.",)),
)


def looks_like(keys: Collection[str]) -> str:
    """The kind of file that these keys suggest, "" if none."""
    for kind, patterns in LOOKALIKES:
        if all(any(re.search(pattern, key) for key in keys) for pattern in patterns):
            return kind
    return ""
