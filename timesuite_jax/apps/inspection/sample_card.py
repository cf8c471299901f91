"""One record on the page of `timesuite data inspect`: its frames, a timeline of its true spans, its questions."""

import base64
import html

from timesuite_jax.apps.inspection.report import is_about_time
from timesuite_jax.apps.inspection.sample_frames import sample_frames
from timesuite_jax.data.corpora import Record
from timesuite_jax.errors import UserError

_FRAMES = 8
_MOST_TURNS = 8
_MOST_CHARACTERS = 1200  # of one text
_WIDTH, _LANE, _TICK = 1000, 16, 14  # units of the drawing
_TICKS = 5


def sample_card(record: Record, deadline_s: float) -> str:
    """Returns the HTML of a record.

    Args:
      record: with its media.
      deadline_s: wall seconds that decoding its video may take.
    """
    clip = "" if record.clip is None else f", {record.clip[0]:g} to {record.clip[1]:g} s of the video"
    head = f"{record.task}, {record.source or 'video'}, {record.length:.1f} s{clip}"
    turns = "".join(_turn(record, number) for number in range(min(len(record.turns), _MOST_TURNS)))
    more = len(record.turns) - _MOST_TURNS
    more_turns = f'<p class="note">and {more} more questions</p>' if more > 0 else ""
    return (
        f'<div class="card"><b>{html.escape(record.id)}</b> <span class="note">{html.escape(head)}</span>'
        f"{_strip(record, deadline_s)}{_timeline(record)}{turns}{more_turns}</div>"
    )


def _strip(record: Record, deadline_s: float) -> str:
    try:
        frames = sample_frames(record, _FRAMES, deadline_s)
    except UserError as error:
        return f'<p class="note">no frames: {html.escape(str(error))}</p>'
    images = "".join(
        f'<figure><img alt="frame at {second:.1f} s" src="data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}">'
        f"<figcaption>{second:.1f} s</figcaption></figure>"
        for second, jpeg in frames
    )
    return f'<div class="strip">{images}</div>'


def _timeline(record: Record) -> str:
    """Draws the true spans, one lane for each question that has some."""
    lanes = [(number, spans) for number in range(len(record.turns)) if (spans := record.spans_of(number))]
    lanes, length = lanes[:_MOST_TURNS], record.length
    if not lanes or length <= 0:
        return ""
    parts = []
    for lane, (number, spans) in enumerate(lanes):
        top = lane * _LANE
        parts.append(f'<rect x="0" y="{top + 2}" width="{_WIDTH}" height="{_LANE - 4}" fill="#eef1f5"/>')
        for start, end in spans:
            left = _WIDTH * max(0.0, min(start / length, 1.0))
            width = max(2.0, _WIDTH * min(end / length, 1.0) - left)
            label = html.escape(f"question {number + 1}: {start:g} to {end:g} s")
            parts.append(
                f'<rect x="{left:.1f}" y="{top + 2}" width="{width:.1f}" height="{_LANE - 4}" fill="#f6c667" '
                f'stroke="#4d3a10"><title>{label}</title></rect>'
            )
    bottom = len(lanes) * _LANE
    for tick in range(_TICKS + 1):
        anchor = "start" if tick == 0 else "end" if tick == _TICKS else "middle"
        parts.append(
            f'<text x="{_WIDTH * tick / _TICKS:.0f}" y="{bottom + _TICK - 2}" font-size="11" text-anchor="{anchor}" '
            f'fill="#4a5568">{length * tick / _TICKS:.1f} s</text>'
        )
    return f'<svg viewBox="0 0 {_WIDTH} {bottom + _TICK}" role="img" aria-label="true spans">{"".join(parts)}</svg>'


def _turn(record: Record, number: int) -> str:
    turn = record.turns[number]
    spans = record.spans_of(number)
    listed = ", ".join(f"{start:g} to {end:g} s" for start, end in spans) or "none"
    note = f'<p class="note">true spans: {listed}</p>' if is_about_time(turn.answer, spans) else ""
    question, answer = (html.escape(_shortened(text)) for text in (turn.question, turn.answer or ""))
    return f'<p class="turn"><b>Q{number + 1}</b>{question}</p><p class="turn"><b>A{number + 1}</b>{answer}</p>{note}'


def _shortened(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else text[:_MOST_CHARACTERS] + " ..."
