"""Metrics of captions, free of Java and equal to the original scorers: PTB tokens, CIDEr, METEOR, SODA."""
