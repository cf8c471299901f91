"""Distillation: small students reconstruct tokens of InternVideo2-1B as stage 2 trained it."""
