"""Video encoders."""

from timesuite_jax.models.vision.umt import UmtSpec, UmtTower, position_table

__all__ = ["UmtSpec", "UmtTower", "position_table"]
