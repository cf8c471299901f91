"""timesuite_jax: video understanding in JAX, trained on TPU pods.

A trunk of mechanisms that know no model family, and one package a family: `videochat_t`, `internvideo2`, `mqsa_ted`.
Imports point downwards only; docs/architecture.md describes the layers.
"""

__version__ = "0.1.0"
