"""Stage 2: a video encoder and a text encoder learn from videos with captions (arXiv:2403.15377, 3.2)."""
