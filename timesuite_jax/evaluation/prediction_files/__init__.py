"""Files of predictions and ground truth in the forms of the original, lmms-eval and TimeLens; read, never run."""
