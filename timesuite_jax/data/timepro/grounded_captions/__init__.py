"""Construction of Temporal Grounded Caption: titles and detailed captions of scenes, from captioned clips of videos."""

from timesuite_jax.data.timepro.grounded_captions.build import GroundedCaptions, build_grounded_captions
from timesuite_jax.data.timepro.grounded_captions.key_clause import KeyClause
from timesuite_jax.data.timepro.grounded_captions.rules import CaptionRules, Similarity, Summariser
from timesuite_jax.data.timepro.grounded_captions.word_overlap import word_overlap

__all__ = [
    "CaptionRules",
    "GroundedCaptions",
    "KeyClause",
    "Similarity",
    "Summariser",
    "build_grounded_captions",
    "word_overlap",
]
