"""Benchmarks of VideoChat-T."""
