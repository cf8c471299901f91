"""The annotations that a corpus is built from."""

from dataclasses import dataclass, replace
from pathlib import Path

from etils import epath

from timesuite_jax.data.corpora.rejected import Rejected
from timesuite_jax.data.corpora.video_folder import VideoFolder
from timesuite_jax.data.sources import ReadOptions, Skipped, annotate_source
from timesuite_jax.data.timepro import Annotation
from timesuite_jax.media import VideoError

EXCLUDED = "excluded"  # kind of rows that are no samples by the user's choice, or by design of the data set
_INVALID, _AMBIGUOUS = "invalid_row", "ambiguous_video"


@dataclass(frozen=True)
class AnnotationSet:
    """Annotations of one source.

    Attributes:
      source: name of the source, by which the manifest counts.
      annotations: in the order of the file.
      rejected: samples of the file that are no annotations, with the reasons. Their ids are numbers of annotations, or
        locations in the file.
      classes: names of the classes that labels number.
    """

    source: str
    annotations: tuple[Annotation, ...]
    rejected: tuple[Rejected, ...] = ()
    classes: tuple[str, ...] = ()


def read_annotation_set(
    path: str | Path,
    videos: epath.PathLike,
    options: ReadOptions | None = None,
    *,
    format: str | None = None,
    seed: int | None = None,
) -> AnnotationSet:
    """Reads an annotation file of any known format, and finds the files of its videos.

    Args:
      path: the file, or the folder of files (see `timesuite_jax.data.sources`).
      videos: folder of the videos.
      options: which of the samples of the file, and for which task.
      format: name of the file's format; None: found from its content.
      seed: chooses among the wordings of questions; None: 0.

    Raises:
      UserError: the file cannot be read, or has no samples.
    """
    found = annotate_source(path, format, options, seed=seed)
    source = Path(path).name.split(".")[0]
    rejected = [_rejected(one, found.task) for one in found.skipped]
    folder, files, annotations = VideoFolder(videos), {}, []
    for annotation in found.annotations:
        name = annotation.video
        if name not in files:
            files[name] = _find(folder, name)
        if isinstance(file := files[name], str):
            annotations.append(replace(annotation, video=file) if file != name else annotation)
        else:
            rejected.append(Rejected(f"{annotation.number}", name, file.problem, _AMBIGUOUS, annotation.task))
    return AnnotationSet(source, tuple(annotations), tuple(rejected), found.classes)


def _find(folder: VideoFolder, name: str) -> str | VideoError:
    """The path of a video, which is its name if there is no such file."""
    try:
        return folder.find(name) or name
    except VideoError as error:
        return error


def _rejected(row: Skipped, task: str) -> Rejected:
    return Rejected(row.location, "", row.reason, EXCLUDED if row.excluded else _INVALID, task)
