"""InternVideo2 (ECCV 2024): a video foundation encoder, trained in stages."""
