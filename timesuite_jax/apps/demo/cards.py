"""Answers as HTML: words, and spans that move the player of the page."""

import base64
import html
import io
from collections.abc import Sequence

from timesuite_jax.apps.video_chat.presence_note import presence_note
from timesuite_jax.registry.capabilities import Span, VideoAnswer

PLAYER = "timesuite-player"  # id of the element with the player
CSS = """
.card { border-left: 3px solid #2b59c3; padding: 0.2rem 0.9rem; margin: 0.3rem 0 0.9rem; }
.card .question { color: #5a6472; margin: 0 0 0.2rem; }
.card .words { font-size: 1.1rem; margin: 0 0 0.4rem; white-space: pre-wrap; }
.card .spans { display: flex; flex-wrap: wrap; gap: 0.4rem; align-items: stretch; }
.card .spans button { background: #2b59c3; color: white; border: 0; border-radius: 999px; padding: 0.25rem 0.8rem;
  margin: 0; line-height: 1.3;
  font-variant-numeric: tabular-nums; cursor: pointer; }
.card .spans button:hover, .card .spans button:focus-visible { background: #142b60; }
.card .spans small { opacity: 0.8; margin-left: 0.35rem; }
.card .sure { color: #5a6472; font-variant-numeric: tabular-nums; }
.card .none { color: #5a6472; font-style: italic; }
.card.error { border-left-color: #b3261e; }
.card.error .words { color: #b3261e; }
.timeline img { width: 100%; border-radius: 6px; background: white; }
"""


def answer_card(answer: VideoAnswer) -> str:
    """A question with its answer; a click on a span plays the video from its start."""
    sure = answer.confidences or [None] * len(answer.spans)
    buttons = "".join(_button(span, confidence) for span, confidence in zip(answer.spans, sure, strict=True))
    spans = f'<div class="spans">{buttons}</div>' if buttons else '<p class="none">no time span in the answer</p>'
    if presence := presence_note(answer):
        spans += f'<p class="sure">{presence}</p>'
    return _card(answer.question, answer.answer or "(no words)", spans + _note(answer))


def error_card(question: str, message: str) -> str:
    """A question that cannot be answered, and why."""
    return _card(question, message, "", "error")


def earlier_cards(answers: Sequence[VideoAnswer]) -> str:
    """Earlier questions, the latest first."""
    if not answers:
        return ""
    return "<h3>Earlier questions</h3>" + "".join(answer_card(answer) for answer in reversed(answers))


def timeline_picture(answer: VideoAnswer) -> str:
    """The spans below frames of the video, as a picture in the page itself."""
    from timesuite_jax.evaluation.timeline_figure import timeline_figure  # imports matplotlib

    picture = io.BytesIO()
    timeline_figure([answer.timeline()]).savefig(picture, format="png")
    data = base64.b64encode(picture.getvalue()).decode("ascii")
    return f'<div class="timeline"><img alt="timeline of the answer" src="data:image/png;base64,{data}"></div>'


def _note(answer: VideoAnswer) -> str:
    """What was left out: earlier questions, or the end of the answer."""
    notes = [] if answer.ended else [f"the answer was cut short at {answer.answer_tokens} tokens"]
    if answer.dropped_turns:
        notes.append(f"earlier questions that did not fit and were left out: {answer.dropped_turns}")
    return f'<p class="none">{"; ".join(notes)}</p>' if notes else ""


def _card(question: str, words: str, rest: str, kind: str = "") -> str:
    asked = f'<p class="question">{html.escape(question)}</p>' if question.strip() else ""
    return f'<div class="card {kind}">{asked}<p class="words">{html.escape(words)}</p>{rest}</div>'


def _button(span: Span, confidence: float | None) -> str:
    start, end = span
    seek = f"const v = document.querySelector('#{PLAYER} video'); if (v) {{ v.currentTime = {start:.3f}; v.play(); }}"
    label = f"\N{BLACK RIGHT-POINTING TRIANGLE} {start:.1f} \N{EN DASH} {end:.1f} s"
    sure = "" if confidence is None else f'<small title="confidence">{confidence:.0%}</small>'
    return f'<button type="button" onclick="{html.escape(seek)}" title="play from here">{label}{sure}</button>'
