"""Models of stage 2 and their parameters from golden numbers."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from einops import rearrange

from tests.support.golden_folder import GoldenFolder
from tests.support.internvideo2 import encoder_spec
from timesuite_jax import param_tree
from timesuite_jax.internvideo2.model import DecoderSpec
from timesuite_jax.internvideo2.stage2.port import VideoTextSizes, build
from timesuite_jax.internvideo2.stage2.spec import VideoTextSpec
from timesuite_jax.models.text import BertSpec


def video_text_spec(config: Mapping[str, Any], *, teacher: bool, own_image: bool, **changes: Any) -> VideoTextSpec:
    """The spec of a recorded model; `changes` are fields of the video encoder and of the teacher."""
    vision, bert, model = config["vision_kwargs"], config["bert_config"], config["model_config"]
    layers = tuple(range(-vision["clip_return_layer"], 0))
    return VideoTextSpec(
        encoder_spec(vision, return_layers=layers, image_positions="own" if own_image else "mean", **changes),
        BertSpec(
            width=bert["hidden_size"],
            layers=bert["num_hidden_layers"],
            heads=bert["num_attention_heads"],
            hidden=bert["intermediate_size"],
            vocab=bert["vocab_size"],
            positions=bert["max_position_embeddings"],
            hidden_dropout=0.0,
            attention_dropout=0.0,
        ),
        fusion_layer=bert["fusion_layer"],
        embed_width=model["contra_dim"],
        memory_width=0 if bert["encoder_width"] == vision["embed_dim"] else bert["encoder_width"],
        decoders=DecoderSpec(vision["clip_teacher_embed_dim"], vision["clip_teacher_final_dim"]),
        teacher=encoder_spec(config["teacher_kwargs"], return_layers=layers, **changes) if teacher else None,
    )


def visual_state(state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """A state dict without its parts for audio."""
    audio = ("audio_", "av_concat_audio", "av_fusion", "atm_head", "avtm_head")
    return {key: value for key, value in state.items() if not key.startswith(audio)}


def params_of(state: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Parameters of a state dict."""
    sizes = VideoTextSizes.from_torch({name: value.shape for name, value in state.items()})
    return jax.tree.map(jnp.asarray, build(sizes).to_tree(state))


def named(params: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Parameters or gradients by upstream's names, without buffers, repeated tensors and a teacher."""
    shapes = {"/".join(path): leaf.shape for path, leaf in param_tree.leaves_with_paths(params)}
    table = build(VideoTextSizes.from_tree(shapes))
    found = table.to_torch(jax.tree.map(np.asarray, params))
    return {key: found[key] for key in table.entries if not key.startswith("clip_teacher.")}


def frames_of(golden: GoldenFolder, name: str) -> jax.Array:
    """Upstream's (B, T, C, H, W)."""
    return jnp.asarray(rearrange(golden.arrays[name], "n F c H W -> n F H W c"))
