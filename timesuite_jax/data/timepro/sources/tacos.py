"""TACoS, as released with 2D-TAN: {video: {timestamps: [[first, last], ...], sentences, fps, num_frames}}.

Time stamps are numbers of frames; seconds are frames / fps.
"""

from collections.abc import Iterator

from timesuite_jax.data.timepro.sources.cursor import Cursor, pairs
from timesuite_jax.data.timepro.sources.entries import GROUNDING, event_entries
from timesuite_jax.data.timepro.sources.format import Format, Found, Reading


def _parse(row: Cursor, reading: Reading) -> Iterator[Found]:
    rate, frames = row.field("fps").positive(), row.field("num_frames").positive()
    events = pairs(row.field("timestamps"), row.field("sentences"))
    yield from event_entries(row, row.key_name(), reading, events, duration=frames / rate, unit=1 / rate)


TACOS = Format(
    name="tacos",
    title="TACoS",
    tasks=(GROUNDING,),
    shape="{video: {timestamps (frames), sentences, fps, num_frames}}",
    reference="github.com/microsoft/VideoX, 2D-TAN/data/TACoS",
    matches=lambda document: document.has_values("timestamps", "sentences", "fps", "num_frames"),
    rows=lambda document, _: document.by_key(),
    parse=_parse,
)
