"""Sentence embeddings of published encoders, run by the project's own layers."""

from timesuite_jax.embeddings.packaged import packaged_encoder
from timesuite_jax.embeddings.sentence_encoder import SentenceEncoder

__all__ = ["SentenceEncoder", "packaged_encoder"]
