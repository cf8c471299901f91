"""Evaluation: asks a trained model, scores what it answers, draws and reports.

`Answerer` turns batches of prompts into words; `evaluate_grounding` asks whole corpora, with controls that tell
grounding from guessing; `ask` asks one question about one file; `draw_timelines` shows spans as pictures.
`evaluate_recommendation` ranks the items that users took next; a `Recommender` recommends to those who have not yet.
"""

from timesuite_jax.evaluation.sharing import shard_batches
from timesuite_jax.evaluation.timeline import Timeline, draw_timelines
from timesuite_jax.evaluation.top_k import item_scores, mask_seen, rank, top_k_items

__all__ = ["Timeline", "draw_timelines", "item_scores", "mask_seen", "rank", "shard_batches", "top_k_items"]
