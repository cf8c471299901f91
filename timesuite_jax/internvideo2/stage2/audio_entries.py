"""Entries of the audio parts of a model of stage 2, whose parameters `model.py` and its audio tower list."""

import dataclasses
import math
from collections.abc import Mapping

from timesuite_jax.port.loading_order import Shape
from timesuite_jax.port.table import Entry
from timesuite_jax.port.tables import beats
from timesuite_jax.port.tables.layers import count_layers, dense, norm

AUDIO = "audio_encoder"
AUDIO_HEADS = ("audio_proj", "av_concat_audio_proj", "av_fusion", "atm_head", "avtm_head")


@dataclasses.dataclass(frozen=True)
class AudioSizes:
    """What decides which keys exist; all other sizes are read off the tensors."""

    layers: int
    patch: int
    projects: bool  # embedded patches to the width of the tokens
    matches_alone: bool  # whether texts are matched with sound without picture

    @classmethod
    def from_torch(cls, shapes: Mapping[str, Shape]) -> "AudioSizes | None":
        """Reads the sizes off a state dict; None without an audio encoder.

        Raises:
          KeyError: naming the tensor that is missing.
        """
        if f"{AUDIO}.patch_embedding.weight" not in shapes:
            return None
        return cls(
            count_layers(shapes, f"{AUDIO}.encoder.layers"),
            shapes[f"{AUDIO}.patch_embedding.weight"][-1],
            f"{AUDIO}.post_extract_proj.weight" in shapes,
            "atm_head.weight" in shapes,
        )

    @classmethod
    def from_tree(cls, shapes: Mapping[str, Shape]) -> "AudioSizes | None":
        """Reads the sizes off a parameter tree, by path; None without an audio encoder."""
        if "audio/encoder/patch_embed/kernel" not in shapes:
            return None
        return cls(
            shapes["audio/encoder/layers/attention/gate_scale"][0],
            math.isqrt(shapes["audio/encoder/patch_embed/kernel"][0]),
            "audio/encoder/project/kernel" in shapes,
            "audio_match_head/kernel" in shapes,
        )


def audio_entries(sizes: AudioSizes) -> list[Entry]:
    """Entries of the encoder and of what is built on it, in the order of upstream's state dict.

    The encoder is frozen in the released configs.
    """
    encoder = beats.entries(
        f"{AUDIO}.", "audio/encoder/", sizes.layers, sizes.patch, projects=sizes.projects, width="audio"
    )
    found = [
        *encoder,
        *dense("audio_proj", "audio/proj", "embedding audio", trainable=True),
        *dense("av_concat_audio_proj.0", "audio/memory_proj", "memory audio", trainable=True),
        *norm("av_concat_audio_proj.1", "audio/memory_norm", "memory", trainable=True),
        *dense("av_fusion", "both_proj", "embedding _", trainable=True),
    ]
    if sizes.matches_alone:
        found += dense("atm_head", "audio_match_head", "_ text", trainable=True)
    return [*found, *dense("avtm_head", "both_match_head", "_ text", trainable=True)]


def with_repeated(keys: list[str], sizes: AudioSizes) -> tuple[list[str], dict[str, str]]:
    """Keys in the order of upstream's state dict with the tensors that it repeats, and what these repeat."""
    return beats.state_dict_order(f"{AUDIO}.", keys), beats.tied(f"{AUDIO}.", sizes.layers)
