"""A sample that was left out of a corpus."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rejected:
    """A sample that was left out of a corpus, and why.

    Attributes:
      id: that its record would have had.
      source: name of its video.
      reason: why, in words.
      kind: the class of the reason: a `VideoFault`, a kind of `bad_spans`, or that of the annotation's reader.
      task: of the sample.
    """

    id: str
    source: str
    reason: str
    kind: str = "other"
    task: str = ""
