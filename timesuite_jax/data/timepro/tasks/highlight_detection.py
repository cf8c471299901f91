"""Highlight detection: moments that match a query, with their saliency."""

from timesuite_jax.data.timepro.source_entry import Highlights
from timesuite_jax.data.timepro.tasks.highlight_list import read_highlights, write_highlights
from timesuite_jax.data.timepro.tasks.task import Task, ask
from timesuite_jax.text import Turn

_QUESTIONS = (
    # Of the TimeIT release, character by character: those that do not name its source.
    "Watch the provided video and mark out the scenes that stand out based on the description: '{query}'. Document the "
    "timestamps of these highlights and evaluate their saliency scores.",
    "Perform a thorough review of the video content, extracting key highlight moments that align with '{query}'. It is "
    "essential to record the times of these moments and assign a distinct saliency value to each.",
    "Examine the video and, in accordance with query '{query}', highlight the standout moments. You're required to "
    "provide the exact timing alongside a saliency rating for each segment.",
    "In the video presented, seek moments that are a perfect match with '{query}'. It's vital to notate their "
    "timestamps and to score each based on their level of saliency.",
    "Go through the video content, and upon identifying highlight moments that resonate with '{query}', list their "
    "timestamps. Subsequently, provide a saliency score for each identified highlight.",
    # Our own.
    "Which moments of the video are the highlights of '{query}'? List their seconds, and a saliency score for each.",
    "Find the moments that show '{query}' best. Give their times in seconds and how salient each of them is.",
    "At which seconds can '{query}' be seen, and how well does each moment match? Give a saliency score for each.",
)
# Of a source without queries: the highlights of a whole video.
_WITHOUT_QUERY = (
    "Which moments of the video stand out? List their times in seconds, and a saliency score for each.",
    "Find the highlights of the video. Give the second of each and its saliency score.",
    "When are the most interesting moments of the video, in seconds, and how salient is each of them?",
)


def _wordings(content: Highlights) -> list[Turn]:
    return ask(_QUESTIONS if content.query.strip() else _WITHOUT_QUERY, write_highlights(content), content.query)


TASK = Task("moments that match a query, with saliency", "moments", Highlights, _wordings, read_highlights)
