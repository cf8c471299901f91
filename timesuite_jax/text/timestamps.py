"""Parses time spans in free-form answers; the default parser.

Upstream's parser (`upstream_answers`) recognises little more than "a - b". This one is a grammar of tables
(`text.answers`): notations of times, words of ten languages, and phrases. A span that the answer does not state is
worse than none: dates, counts, scores, coordinates, frame numbers, what the answer denies or takes back, the model's
thinking and repeated examples of the prompt are not read, and of two readings of an ambiguous text neither is returned.
Parsing never raises and is linear in the length of the text.
"""

import html
import re
from collections.abc import Sequence

from timesuite_jax.text.answers.characters import plain_characters
from timesuite_jax.text.answers.cjk_numerals import CJK_DIGITS
from timesuite_jax.text.answers.combine import combine
from timesuite_jax.text.answers.final_answer import final_answer
from timesuite_jax.text.answers.header_tables import table_spans
from timesuite_jax.text.answers.lexer import lex
from timesuite_jax.text.answers.matching import find_spans
from timesuite_jax.text.answers.numerals import NUMERAL
from timesuite_jax.text.answers.spans import TimeSpan
from timesuite_jax.text.time_text import format_seconds

# Beside numbers in words of other languages than English.
_UNIT_OF_WORDS = r"\b(?:sek|segund|second[eoi]|minut|stunde|heure|hora|or[ae]\b|сек|мин|час)"
_ORDINAL_OF_UNIT = r"\b(?:first|second|third|[a-z-]{2,12}th) (?:second|minute)"  # "the seventh second"
# What any span has that does not end where the video does.
_NUMBER = re.compile(rf"[\d\u00bc-\u00be{CJK_DIGITS}]|{NUMERAL}|{_UNIT_OF_WORDS}|{_ORDINAL_OF_UNIT}", re.IGNORECASE)
_FRAME_RATE = re.compile(r"(?<![\d.])(\d{1,3}(?:\.\d{1,3})?) ?(?:fps|frames? ?(?:per|a|/) ?s(?:ec(?:ond)?)?)\b")


def format_span(span: Sequence[float]) -> str:
    """Formats a span as in upstream's answers: "12.3 - 45.6 seconds"."""
    return f"{format_seconds(span[0])} - {format_seconds(span[1])} seconds"


def parse_spans(text: str, *, duration: float | None = None) -> list[TimeSpan]:
    """Parses the spans of an answer, in order of occurrence and without duplicates.

    Args:
      text: answer of the model.
      duration: seconds of the video, in the scale of the answer; None if unknown: then "until the end" is no span.

    Returns:
      Spans in seconds; empty if parsing fails. A span may end after `duration` if the answer states it.
    """
    text = html.unescape(text)
    if duration is None and _NUMBER.search(text) is None:
        return []  # most answers of long dialogues
    text = plain_characters(final_answer(text.lower()))
    rate = _FRAME_RATE.search(text)
    spans = table_spans(text, duration)
    return spans or find_spans(combine(lex(text, float(rate[1]) if rate else 0.0)), duration)
