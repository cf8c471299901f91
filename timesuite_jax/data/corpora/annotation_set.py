"""The annotations that a corpus is built from."""

from dataclasses import dataclass
from pathlib import Path

from timesuite_jax.data.corpora.rejected import Rejected
from timesuite_jax.data.timepro import Annotation, read_annotations


@dataclass(frozen=True)
class AnnotationSet:
    """Annotations of one source.

    Attributes:
      source: name of the source, by which the manifest counts.
      annotations: in the order of the file.
      rejected: samples of the file that are no annotations, with the reasons.
    """

    source: str
    annotations: tuple[Annotation, ...]
    rejected: tuple[Rejected, ...] = ()


def read_annotation_set(path: str | Path, task: str) -> AnnotationSet:
    """Reads an annotation file.

    Args:
      path: JSON file (see `timesuite_jax.data.timepro.annotations`).
      task: of entries without a task of their own.

    Raises:
      UserError: the annotations are wrong.
    """
    return AnnotationSet(Path(path).name.split(".")[0], tuple(read_annotations(path, task)))
