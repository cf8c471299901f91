"""Stage 1: a student reconstructs tokens of InternVL-C's image encoder and of VideoMAEv2-g (arXiv:2403.15377, 3.1)."""
