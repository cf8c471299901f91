"""Synthetic corpora: generated videos of moving shapes, with questions about them and a tokenizer."""

from timesuite_jax.data.synthetic.corpus import SyntheticCorpusSpec, all_texts, make_corpus, make_tokenizer
from timesuite_jax.data.synthetic.moving_shapes import SyntheticSpec, make_video

__all__ = ["SyntheticCorpusSpec", "SyntheticSpec", "all_texts", "make_corpus", "make_tokenizer", "make_video"]
