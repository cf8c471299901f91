"""Configs of all families; `import timesuite_jax.configs.timesuite.linear_p` works from any folder."""
