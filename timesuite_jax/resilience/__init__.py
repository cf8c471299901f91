"""Preemption: signals that end a run, and detection of hung or dead processes."""
