"""Linen modules that model families share, by modality: `text`, `vision`."""
