"""Readers of the annotation files of the sources of TimePro, in the formats in which they are published."""

from timesuite_jax.data.timepro.sources.annotate_source import SourceAnnotations, annotate_source, count_reasons
from timesuite_jax.data.timepro.sources.detect import FORMAT_NAMES, TIMEPRO, detect_format
from timesuite_jax.data.timepro.sources.format import Found, ReadOptions, Skipped
from timesuite_jax.data.timepro.sources.formats import FORMATS
from timesuite_jax.data.timepro.sources.read import read_source

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
