"""Synthetic corpora: generated videos of moving shapes, with questions about them and a tokenizer, or with labels."""

from timesuite_jax.data.synthetic.actions import make_action_corpus
from timesuite_jax.data.synthetic.corpus import SyntheticCorpusSpec, all_texts, make_corpus, make_tokenizer
from timesuite_jax.data.synthetic.moving_shapes import MovingShapesSpec, make_video

__all__ = [
    "MovingShapesSpec",
    "SyntheticCorpusSpec",
    "all_texts",
    "make_action_corpus",
    "make_corpus",
    "make_tokenizer",
    "make_video",
]
