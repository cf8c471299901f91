"""Puts this folder's `closeness` within reach of all parity tests."""
