"""Questions about videos in Python: `timesuite_jax.load`."""
