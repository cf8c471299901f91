"""VideoChat-T: clip encoder, token shuffling, TAPE, the whole model, its spec and its FLOPs."""
