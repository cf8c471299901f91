"""Forms of answers with times: the wordings of the tasks that a model is trained on, as a grammar.

A form has the wordings of all tasks whose answers contain the same, so that a model may keep to the one it was trained
for. Captions are any text without digits, which would be read as times.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Literal

from timesuite_jax.data.synthetic.texts import ABSENT_ANSWER
from timesuite_jax.data.timepro import TASKS
from timesuite_jax.data.timepro.source_entry import GroundedQuery, Highlights, TimedEvents
from timesuite_jax.data.timepro.tasks.span_list import ABSENT
from timesuite_jax.generation.grammar.graph import AnswerGraph, Kind, Outcome, Rest
from timesuite_jax.generation.grammar.tables import FREE

SPANS, DESCRIBED, EVENTS, STARTS, HIGHLIGHTS = "spans", "described_spans", "events", "starts", "highlights"
FORMS = (FREE, SPANS, DESCRIBED, EVENTS, STARTS, HIGHLIGHTS)
AnswerChoice = Literal["auto", "free"]
"""`--answers` of commands: forms by the questions, or none."""

FORM_OF_TASK = {
    "temporal_video_grounding": SPANS,
    "multi_format_temporal_grounding": SPANS,
    "reasoning_temporal_localization": DESCRIBED,
    "temporal_grounded_caption": DESCRIBED,
    "dense_video_captioning": EVENTS,
    "step_localization": EVENTS,
    "transcribed_speech_generation": EVENTS,
    "highlight_detection": HIGHLIGHTS,
    "video_summarization": HIGHLIGHTS,
}
"""Form of the answers of each task of TimePro; the others have no times."""

_OPENINGS = (
    "The given query happens in ",
    "The given query happens between ",
    "The event happens in ",
    "The event happens in the ",
    "It happens in ",
)
_LISTED = (
    ("from ", " to ", " seconds"),
    ("between ", " and ", " seconds"),
    ("it starts at ", " seconds and ends at ", " seconds"),
)


@functools.cache
def answer_graph() -> AnswerGraph:
    """Returns all forms."""
    graph = AnswerGraph()
    for form in (SPANS, DESCRIBED):
        first = graph.form(form)
        sentence, listed = _spans(graph, first)
        graph.accept(listed, Outcome.PRESENT)
        for end, outcome in ((sentence, Outcome.PRESENT), (_absent(graph, first), Outcome.ABSENT)):
            graph.accept(end, outcome)
            if form == DESCRIBED:
                for text in graph.sentences(graph.literal(end, " ")):
                    graph.accept(text, outcome)
    _events(graph, graph.form(EVENTS), lambda at: _span(graph, at))
    _events(graph, graph.form(STARTS), lambda at: graph.number(at, Kind.TIME))
    _highlights(graph, graph.form(HIGHLIGHTS))
    return graph


def _span(graph: AnswerGraph, at: int, between: str = " - ", *, decimal: bool = False) -> int:
    start = graph.number(at, Kind.START, decimal=decimal)
    return graph.number(graph.literal(start, between), Kind.END, decimal=decimal)


def _spans(graph: AnswerGraph, first: int) -> tuple[int, int]:
    """Wordings of one or more spans; returns the nodes after a sentence, and after a list without a full stop."""
    sentence, listed = graph.node(), graph.node()
    for openings, after, done in ((_OPENINGS, " seconds.", sentence), (("",), " seconds", listed)):
        begin = graph.node()
        for opening in openings:
            graph.join(graph.literal(first, opening), begin)
        end = _span(graph, begin)
        _repeat(graph, end, (", ", " and "), begin)
        graph.join(graph.literal(end, after), done)
    for before, between, after in _LISTED:
        begin = graph.node()
        graph.join(graph.literal(first, before[0].upper() + before[1:]), begin)
        end = graph.literal(_span(graph, begin, between), after)
        _repeat(graph, end, (f", {before}", f" and {before}"), begin)
        graph.join(graph.literal(end, "."), sentence)
    begin = graph.node()
    graph.join(graph.literal(first, "[["), begin)
    pair = graph.literal(_span(graph, begin, ", ", decimal=True), "]")  # "[1990, 2000]" may be years
    _repeat(graph, pair, (", [",), begin)
    graph.join(graph.literal(pair, "]"), listed)
    return sentence, listed


def _absent(graph: AnswerGraph, first: int) -> int:
    done = graph.node()
    for sentence in (ABSENT, _nothing("reasoning_temporal_localization", GroundedQuery("", ())), ABSENT_ANSWER):
        graph.join(graph.literal(first, sentence), done)
    return done


def _events(graph: AnswerGraph, first: int, when: Callable[[int], int]) -> None:
    """Lists of events: a time, " seconds, ", and sentences; a number behind a full stop begins the next event."""
    begin = graph.node()
    graph.join(first, begin)
    _, stop, gap = graph.sentences(graph.literal(when(begin), " seconds, "))
    graph.join(gap, begin)
    for end in (stop, gap):
        graph.accept(end, Outcome.PRESENT)
    for task in ("dense_video_captioning", "step_localization", "transcribed_speech_generation"):
        graph.accept(graph.literal(first, _nothing(task, TimedEvents(()))), Outcome.ABSENT)


def _highlights(graph: AnswerGraph, first: int) -> None:
    begin, scores = graph.node(), graph.node()
    graph.join(graph.literal(first, "The highlight timestamps are in the "), begin)
    time = graph.number(begin, Kind.MOMENT)
    _repeat(graph, time, (", ",), begin)
    graph.join(graph.literal(time, " seconds. Their saliency scores are "), scores)
    score = graph.number(scores, Kind.SCORE, decimal=True)
    graph.join(graph.literal(score, ", ", Rest.SOME), scores)
    graph.accept(graph.literal(score, ".", Rest.NONE), Outcome.PRESENT, Rest.NONE)
    graph.accept(graph.literal(first, _nothing("highlight_detection", Highlights("", (), ()))), Outcome.ABSENT)


def _repeat(graph: AnswerGraph, end: int, separators: Sequence[str], begin: int) -> None:
    for separator in separators:
        graph.join(graph.literal(end, separator), begin)


def _nothing(task: str, content: GroundedQuery | TimedEvents | Highlights) -> str:
    """The answer of a task where there is nothing to find."""
    return TASKS[task].wordings(content)[0].answer or ""
