"""Detects answers that state that an event does not happen."""

import re

from timesuite_jax.text.answers.denials import DENIALS

# Patterns are compiled in verbose mode, which ignores spaces.
_HAPPENS = (
    r"(?:appears?|appeared|happens?|happened|occurs?|occurred|exists?|takes?\s+place|took\s+place|taken\s+place|"
    r"shows?(?:\s+up)?|contains?|includes?|depicts?|visible|seen|shown|present|found|detected|observed|there|in\s+(?:the|this)\s+(?:video|clip|footage))"
)
# A few words between a negation and what it negates; "I do not know when it happens" denies nothing.
_WORDS = r"(?:\s+(?!(?:when|whether|where|if|how|what|which|that)\b)\w+){0,4}?\s+"
_DENIAL = re.compile(
    rf"""
      \b(?:never|not|cannot|without){_WORDS}{_HAPPENS}\b
    | \b(?:do|does|did|is|are|was|were|can|could|has|have)n't{_WORDS}{_HAPPENS}\b
    | \bno\s+such\s+\w+
    | \b(?:there|contains|shows|has|have)\s+(?:is|are|was|were)?\s*no\s+\w+
    | \bno\s+(?:\w+\s+)?(?:event|moment|segment|scene|part|time|match|instance|occurrence)s?\b
    | \b(?:absent|nonexistent|non-existent|n/a|none|never|nie|niemals|jamais|nunca|mai|никогда)\s*[.!]?\s*$
    | {"|".join(row for language, rows in DENIALS.items() if language != "English" for row in rows)}
    """,
    re.VERBOSE,
)
_APOSTROPHES = str.maketrans({"\N{RIGHT SINGLE QUOTATION MARK}": "'", "\N{LEFT SINGLE QUOTATION MARK}": "'"})


def denies_event(text: str) -> bool:
    """Returns whether an answer without a time states that the event does not happen ("It never appears.").

    In the languages of the parser. For answers from which `parse_spans` reads no span; answers that evade the question
    ("I do not know.") are not denials.
    """
    return _DENIAL.search(text.lower().translate(_APOSTROPHES)) is not None
