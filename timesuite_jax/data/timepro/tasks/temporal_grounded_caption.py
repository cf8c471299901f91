"""Temporal Grounded Caption: when does a titled scene happen, and what happens in it in detail?

The wording is the release's, whose answers have whole seconds without a decimal: "35 - 49 seconds".
"""

import re

from timesuite_jax.data.timepro.source_entry import GroundedQuery
from timesuite_jax.data.timepro.tasks.span_list import ABSENT, SPANS, read_spans, write_spans
from timesuite_jax.data.timepro.tasks.task import Task, ask
from timesuite_jax.text import Turn, format_seconds

_QUESTIONS = (
    # The release's.
    "What time is '{query}' happen? Please describe in detail the video content during the period.",
    # Our own.
    "When does the scene '{query}' take place? Describe in detail what the video shows then.",
    "Find the scene '{query}' in the video. Give its time in seconds and a detailed description of it.",
    "The video has a scene that could be titled '{query}'. At what time is it, and what happens in it?",
    "Locate '{query}' in the video, and report everything that can be seen during that time.",
)
_ANSWER = re.compile(rf"The given query happens between ({SPANS}) seconds\.(?: (.+))?", re.DOTALL)


def _wordings(content: GroundedQuery) -> list[Turn]:
    if not content.spans:
        return ask(_QUESTIONS, ABSENT, content.query)
    when = f"The given query happens between {write_spans(content.spans, _shortest)} seconds."
    return ask(_QUESTIONS, f"{when} {content.caption}" if content.caption else when, content.query)


def _parse(answer: str) -> GroundedQuery | None:
    if answer == ABSENT:
        return GroundedQuery("", ())
    found = _ANSWER.fullmatch(answer)
    return GroundedQuery("", read_spans(found[1]), found[2] or "") if found else None


def _shortest(seconds: float) -> str:
    return format_seconds(seconds).removesuffix(".0")


TASK = Task("when a titled scene happens, and what happens in it", "event", GroundedQuery, _wordings, _parse)
