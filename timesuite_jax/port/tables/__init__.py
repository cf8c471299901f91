"""One file a model: which torch key is which parameter. Nothing here computes."""
