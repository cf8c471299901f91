"""MQSA, the sequential recommender: spec, blocks and model."""

from timesuite_jax.mqsa_ted.model.mqsa import EMBEDDING_STD, Mqsa
from timesuite_jax.mqsa_ted.model.spec import MqsaSpec

__all__ = ["EMBEDDING_STD", "Mqsa", "MqsaSpec"]
