"""The description of one format of annotation files, and what its reader yields."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from timesuite_jax.data.timepro.source_entry import SourceEntry
from timesuite_jax.data.timepro.sources.cursor import Cursor
from timesuite_jax.data.timepro.sources.document import Document


@dataclass(frozen=True)
class Skipped:
    """A row, or a part of one, that yields no sample.

    Attributes:
      location: where it is in the file.
      reason: why it is left out.
      excluded: whether its absence is by choice (another split, another annotator) or by the data set's design (a
        video without a moment), and not because something is wrong with it.
    """

    location: str
    reason: str
    excluded: bool = False


@dataclass(frozen=True)
class ReadOptions:
    """Choices among what one file contains.

    Attributes:
      task: which task the samples are for; None: the first of the format.
      split: which subset, of a file that has several; "all" for all of them.
      annotators: how several annotators are combined, for formats with several rules; None: the first of the format.
      classes: names of the classes that labels number, for formats with labels; None: those of the format.
    """

    task: str | None = None
    split: str | None = None
    annotators: str | None = None
    classes: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Reading:
    """The options of one file, complete and checked against its format."""

    task: str
    split: str | None
    annotators: str | None


Found = SourceEntry | Skipped


@dataclass(frozen=True)
class Format:
    """A format of annotation files.

    Attributes:
      name: for `--format`.
      title: name of the data set.
      tasks: tasks that its samples can be for, the default first.
      shape: what a file looks like.
      reference: where the format is described.
      matches: whether a document has this format, from the fields of its first rows.
      parse: the samples of a row; raises BadField for a row that is wrong.
      rows: its rows, each read for itself; by default `Document.records`.
      annotators: rules for several annotators, the default first; empty if there is no choice.
      splits: whether one file has several splits.
      classes: names of the classes of a document, in their order, empty if it only has numbers; None: the format has no
        labels.
    """

    name: str
    title: str
    tasks: tuple[str, ...]
    shape: str
    reference: str
    matches: Callable[[Document], bool]
    parse: Callable[[Cursor, Reading], Iterator[Found]]
    rows: Callable[[Document, Reading], Iterable[Cursor | Skipped]] = lambda document, _: document.records()
    annotators: tuple[str, ...] = ()
    splits: bool = False
    classes: Callable[[Document], tuple[str, ...]] | None = None
