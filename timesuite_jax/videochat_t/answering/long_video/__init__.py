"""Questions about videos that are longer than what a model is shown at a time."""
