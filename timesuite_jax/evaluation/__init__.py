"""Evaluation: asks a trained model, scores what it answers, draws and reports.

`Answerer` turns batches of prompts into words; `evaluate_grounding` asks whole corpora, with controls that tell
grounding from guessing; `ask` asks one question about one file; `draw_timelines` shows spans as pictures.
`evaluate_recommendation` ranks the items that users took next; a `Recommender` recommends to those who have not yet.
"""

from timesuite_jax.evaluation.answering import Answerer, answering_calls
from timesuite_jax.evaluation.asking import Asked, ask
from timesuite_jax.evaluation.grounding import GROUNDING_FIGURES, Grounding, evaluate_grounding
from timesuite_jax.evaluation.prediction import Prediction
from timesuite_jax.evaluation.prompts import Control, Prompt, PromptBatch, PromptReader
from timesuite_jax.evaluation.sharing import share_batches
from timesuite_jax.evaluation.timeline import Timeline, draw_timelines
from timesuite_jax.evaluation.top_k import best_items, item_scores, push_down_seen, rank

__all__ = [
    "GROUNDING_FIGURES",
    "Answerer",
    "Asked",
    "Control",
    "Grounding",
    "Prediction",
    "Prompt",
    "PromptBatch",
    "PromptReader",
    "Timeline",
    "answering_calls",
    "ask",
    "best_items",
    "draw_timelines",
    "evaluate_grounding",
    "item_scores",
    "push_down_seen",
    "rank",
    "share_batches",
]
