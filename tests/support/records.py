"""A record of a corpus."""

from timesuite_jax.data.corpora import Record
from timesuite_jax.text import Turn

TURNS = (Turn("When?", "From 1.2 to 3.4 seconds.", "Look."), Turn("", "A caption with ümlaut."))


def record(number: int = 0, **changes) -> Record:
    """A record with every feature; `changes` replace fields."""
    fields = {
        "id": f"c/{number}",
        "corpus": "c",
        "task": "temporal_video_grounding",
        "turns": TURNS,
        "duration": 9.87,
        "video": b"\x00\x01mp4",
        "clip": (0.1, 7.7),
        "spans": ((1.2, 3.4), (5.6, 7.0)),
        "source": "a/b.mp4",
        "source_checksum": "0123abcd",
    }
    return Record(**{**fields, **changes})
