"""Temporal video grounding: when does a described event happen?"""

import re

from timesuite_jax.data.timepro.source_entry import GroundedQuery
from timesuite_jax.data.timepro.tasks.span_list import ABSENT, SPANS, read_spans, write_spans
from timesuite_jax.data.timepro.tasks.task import Task, ask
from timesuite_jax.text import Turn

_QUESTIONS = (
    # Of the TimeIT release, character by character: released weights were trained with them.
    "Localize the visual content described by the given textual query '{query}' in the video, and output the start and "
    "end timestamps in seconds.",
    "Detect and report the start and end timestamps of the video segment that semantically matches the given textual "
    "query '{query}'.",
    "Give you a textual query: '{query}' When does the described content occur in the video? Please return the "
    "timestamp in seconds.",
    "Locate and describe the visual content mentioned in the text query '{query}' within the video, including "
    "timestamps.",
    "The given natural language query '{query}' is semantically  aligned with a video moment, please give the start "
    "time and end time of the video moment.",
    "Find the video segment that corresponds to the given textual query '{query}' and determine its start and end "
    "seconds.",
    # Our own.
    "When does '{query}' happen in the video? Answer in seconds.",
    "At what time can this be seen in the video: '{query}'? Give every start and end in seconds.",
    "Which part of the video shows '{query}'? State where it starts and ends, in seconds.",
    "Find all parts of the video that match '{query}', and list their start and end times in seconds.",
)
_ANSWER = re.compile(rf"The given query happens in ({SPANS}) seconds\.")


def _wordings(content: GroundedQuery) -> list[Turn]:
    when = f"The given query happens in {write_spans(content.spans)} seconds." if content.spans else ABSENT
    return ask(_QUESTIONS, when, content.query)


def _parse(answer: str) -> GroundedQuery | None:
    if answer == ABSENT:
        return GroundedQuery("", ())
    found = _ANSWER.fullmatch(answer)
    return GroundedQuery("", read_spans(found[1])) if found else None


TASK = Task("when the described event happens", "event", GroundedQuery, _wordings, _parse)
