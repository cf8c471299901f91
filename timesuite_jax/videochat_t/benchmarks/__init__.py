"""Benchmarks of VideoChat-T, one file each; see `timesuite_jax.evaluation.Benchmark`."""
