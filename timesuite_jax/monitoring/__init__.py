"""Monitoring of a run: metric writers, throughput, goodput, profiles."""
