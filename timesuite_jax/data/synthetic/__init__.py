"""Synthetic corpora: generated videos of moving shapes, with questions about them and a tokenizer."""

from timesuite_jax.data.synthetic.corpus import SyntheticCorpusSpec, all_texts, make_corpus, make_tokenizer
from timesuite_jax.data.synthetic.moving_shapes import MovingShapesSpec, make_video

__all__ = ["MovingShapesSpec", "SyntheticCorpusSpec", "all_texts", "make_corpus", "make_tokenizer", "make_video"]
