"""The PTB tokenizer of caption metrics."""

from timesuite_jax.metrics.captions.ptb.tokenizer import ptb_tokenize

__all__ = ["ptb_tokenize"]
