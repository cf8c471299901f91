"""The table of all formats of annotation files."""

from timesuite_jax.data.actions.formats import ACTION_FORMATS
from timesuite_jax.data.timepro.sources.format import Format
from timesuite_jax.data.timepro.sources.formats import TIMEPRO_FORMATS

FORMATS: dict[str, Format] = {found.name: found for found in (*TIMEPRO_FORMATS, *ACTION_FORMATS)}
