"""The table of phrases that denote spans: regular expressions over kinds of tokens (`tokens.compile_phrase`).

At each position of an answer the first row that matches is taken, and the search goes on behind it. A row without a
builder denotes no span: what it matches is passed over. Repetitions are bounded, so that matching is linear in the
number of tokens.
"""

from timesuite_jax.text.answers.boundary_phrases import BOUNDARY_PHRASES
from timesuite_jax.text.answers.no_spans import NO_SPANS
from timesuite_jax.text.answers.ranges import RANGES
from timesuite_jax.text.answers.role_phrases import ROLE_PHRASES

PHRASES = NO_SPANS | RANGES | ROLE_PHRASES | BOUNDARY_PHRASES
"""Phrases by name, those tried first at the front."""
