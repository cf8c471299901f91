"""One file a model: which torch key (or TensorFlow variable) is which parameter. Nothing here computes."""
