"""Annotation files of any known format: finding the format, reading it, and what a corpus is built from."""

from timesuite_jax.data.sources.annotate_source import SourceAnnotations, annotate_source, count_reasons
from timesuite_jax.data.sources.detect import FORMAT_NAMES, TIMEPRO, detect_format
from timesuite_jax.data.sources.formats import FORMATS
from timesuite_jax.data.sources.read import read_source
from timesuite_jax.data.timepro.sources.format import Found, ReadOptions, Skipped

__all__ = [
    "FORMATS",
    "FORMAT_NAMES",
    "TIMEPRO",
    "Found",
    "ReadOptions",
    "Skipped",
    "SourceAnnotations",
    "annotate_source",
    "count_reasons",
    "detect_format",
    "read_source",
]
