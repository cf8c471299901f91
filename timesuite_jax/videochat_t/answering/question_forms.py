"""The form of the answer that a question asks for, from its wording.

A question in one of the wordings of the training data has the form of its task, and so has a plain question for a time
("When does the man open the oven?"). All others, also those in other languages, are answered freely: a wrong form would
force times into an answer that has none.
"""

import functools
import re
from collections.abc import Iterator

from timesuite_jax.data.synthetic.texts import GROUNDING_QUESTIONS
from timesuite_jax.data.timepro import TASKS
from timesuite_jax.data.timepro.source_entry import GroundedQuery, Highlights, TimedEvent, TimedEvents
from timesuite_jax.generation.grammar.tables import FREE
from timesuite_jax.videochat_t.answering.answer_forms import FORM_OF_TASK, SPANS, STARTS

_SLOT = "\N{OBJECT REPLACEMENT CHARACTER}"  # in place of the query of a template
_QUOTE = "['\"\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}\N{LEFT DOUBLE QUOTATION MARK}" + (
    "\N{RIGHT DOUBLE QUOTATION MARK}]"
)
_OPENING = (
    r"(?:when|(?:during|in|at|between|within) (?:which|what) (?:time|times|part|parts|moment|moments|point|second|"
    r"seconds|period|periods|interval|intervals|span|spans|segment|segments)(?: (?:in|of) the (?:video|clip))?)"
)
# The subject is something in the video, not the video: "When was this film made?" is about the world.
_SUBJECT = (
    r"(?!(?:this|the|your|that) (?:video|film|movie|clip|footage|recording|show|scene)s? (?!show|contain|depict))"
)
_WORDS = r"(?:[^.?!]|(?<=\bmr)\.|(?<=\bms)\.|(?<=\bmrs)\.|(?<=\bdr)\.|\.(?=\d))+"  # of one sentence
_PLAIN = rf"{_OPENING} (?:is|are|was|were|does|do|did|can|could|has|have|had) {_SUBJECT}{_WORDS}\??"
# A second question, or a request for more than times: "When does he stop, and why?".
_MORE = re.compile(
    r"(?:,|;|:|\band\b|\bor\b|\bthen\b) ?(?:and |or |then )?"
    r"(?:what|who|whom|whose|why|how|where|which|describe|explain|tell|give|list|count|is|are|does|do|did)\b",
    re.IGNORECASE,
)


def form_of_question(question: str) -> str:
    """Returns the form of the answer to a question, one of `answer_forms.FORMS`.

    Args:
      question: in words.
    """
    words = " ".join(question.split())
    for pattern, form in _task_patterns():
        if pattern.fullmatch(words):
            return form
    return SPANS if _plain_pattern().fullmatch(words) and not _MORE.search(words) else FREE


@functools.cache
def _task_patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """One regular expression for each form, of the questions of all tasks with that form."""
    templates: dict[str, list[str]] = {}
    for template, form in _templates():
        # A question that needs reasoning may be the query alone: that template matches any text.
        if template != _SLOT:
            templates.setdefault(form, []).append(_expression(template, ".+"))
    return tuple((re.compile("|".join(some), re.IGNORECASE), form) for form, some in templates.items())


@functools.cache
def _plain_pattern() -> re.Pattern[str]:
    """Of plain questions for times, those of synthetic videos included: what they ask for is not in quotation marks."""
    synthetic = (_expression(question.format(what=_SLOT), _WORDS) for question in GROUNDING_QUESTIONS)
    return re.compile("|".join([_PLAIN, *synthetic]), re.IGNORECASE)


def _templates() -> Iterator[tuple[str, str]]:
    """Questions of all tasks whose answers have times, with their forms."""
    query = GroundedQuery(_SLOT, ((0.0, 1.0),))
    events, starts = (TimedEvents((TimedEvent(0.0, end, ""),)) for end in (1.0, None))
    highlights = [Highlights(text, (0.0,), (1.0,)) for text in (_SLOT, "")]
    for content in (query, events, starts, *highlights):
        for name, form in FORM_OF_TASK.items():
            task = TASKS[name]
            if task.content is type(content):
                of_starts = STARTS if content is starts else form
                yield from ((turn.question, of_starts) for turn in task.wordings(content))


def _expression(template: str, slot: str) -> str:
    """A template as a regular expression; white space counts as one space, and quotation marks are of any kind."""
    literal = re.escape(" ".join(template.split()))
    return literal.replace("'", _QUOTE).replace(re.escape(_SLOT), slot)
