"""timesuite_jax: video understanding in JAX, trained on TPU pods.

Rooms, from the ground up (imports go down only; see docs/architecture.md): layers; objectives, metrics, media, text;
parallel, models; training, generation, data, port; tasks, evaluation; cli, apps.
"""

__version__ = "0.1.0"
