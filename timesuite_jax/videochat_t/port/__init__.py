"""PyTorch checkpoints of VideoChat-T: its table of keys and the loading order of its files."""
