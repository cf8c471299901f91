"""Synthetic corpora: generated videos of moving shapes, with questions or captions and a tokenizer, or labels."""

from timesuite_jax.data.synthetic.actions import make_action_corpus
from timesuite_jax.data.synthetic.captions import make_caption_corpus
from timesuite_jax.data.synthetic.corpus import SyntheticCorpusSpec, all_texts, make_corpus, make_tokenizer
from timesuite_jax.data.synthetic.event_corpus import make_event_corpus
from timesuite_jax.data.synthetic.event_videos import ORDERED_EVENTS, SINGLE_EVENTS, EventVideos
from timesuite_jax.data.synthetic.moving_shapes import MovingShapesSpec, make_video

__all__ = [
    "ORDERED_EVENTS",
    "SINGLE_EVENTS",
    "EventVideos",
    "MovingShapesSpec",
    "SyntheticCorpusSpec",
    "all_texts",
    "make_action_corpus",
    "make_caption_corpus",
    "make_corpus",
    "make_event_corpus",
    "make_tokenizer",
    "make_video",
]
