"""Reasoning temporal localization: when, for a question that needs reasoning, and why?

The query of the annotation is the question, its caption the explanation.
"""

import re

from timesuite_jax.data.timepro.source_entry import GroundedQuery
from timesuite_jax.data.timepro.tasks.span_list import SPANS, read_spans, write_spans
from timesuite_jax.data.timepro.tasks.task import Task
from timesuite_jax.text import Turn

_REQUESTS = (
    "",
    "Give the start and end time in seconds, and explain your answer.",
    "State when in seconds, and why.",
    "Answer with the time in the video and a short explanation.",
    "Provide the part of the video that answers this, in seconds, with your reasoning.",
)
_ABSENT = "It does not happen in this video."
_ANSWER = re.compile(rf"(?:It happens in ({SPANS}) seconds\.|{re.escape(_ABSENT)})(?: (.+))?", re.DOTALL)


def _wordings(content: GroundedQuery) -> list[Turn]:
    when = f"It happens in {write_spans(content.spans)} seconds." if content.spans else _ABSENT
    answer = f"{when} {content.caption}" if content.caption else when
    question = content.query.strip()
    return [Turn(f"{question} {request}".rstrip(), answer) for request in _REQUESTS]


def _parse(answer: str) -> GroundedQuery | None:
    found = _ANSWER.fullmatch(answer)
    return GroundedQuery("", read_spans(found[1] or ""), found[2] or "") if found else None


TASK = Task("when, for a question that needs reasoning, and why", "list", GroundedQuery, _wordings, _parse)
