"""VideoChat-T's network: token shuffling, TAPE and the whole model, its sizes and its FLOPs."""
