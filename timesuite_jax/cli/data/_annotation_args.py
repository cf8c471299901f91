"""Arguments that describe an annotation file, and reading it."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from etils import epath

from timesuite_jax.cli._paths import any_path
from timesuite_jax.cli.data._numbers import not_negative
from timesuite_jax.errors import UserError

if TYPE_CHECKING:
    from timesuite_jax.data.corpora.annotation_set import AnnotationSet


def add_annotations(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """Adds `--annotations`, `--videos` and what they need."""
    parser.add_argument(
        "--annotations",
        type=any_path,
        required=required,
        help="annotation file of a source, or JSON of {video, QA: [{q, a}], start?, end?}",
    )
    add_format(parser)
    parser.add_argument("--videos", type=any_path, required=required, help="folder with the videos of the annotations")
    parser.add_argument(
        "--classes",
        type=any_path,
        metavar="FILE|CORPUS",
        help="names of the classes that labels number: a list, or a corpus with the same ones (default: those of the "
        "annotations)",
    )
    parser.add_argument(
        "--task",
        type=name,
        help="task of the records (default: the first of the format; temporal_video_grounding of questions)",
    )
    parser.add_argument("--seed", type=not_negative, help="chooses among the wordings of questions (default: 0)")


def add_format(parser: argparse.ArgumentParser) -> None:
    """Adds the options that choose among what an annotation file contains."""
    parser.add_argument(
        "--format",
        type=name,
        metavar="NAME",
        help="format of the annotations (default: found from the file; didemo, coin, ...)",
    )
    parser.add_argument("--split", type=name, metavar="NAME|all", help="split, of an annotation file that has several")
    parser.add_argument(
        "--annotators",
        type=name,
        metavar="RULE",
        help="how several annotators are combined: majority, mean, first, each",
    )


def name(word: str) -> str:
    """A name, which is not empty: an empty one is a variable of the shell that is not set, not the default."""
    if not word.strip():
        raise argparse.ArgumentTypeError(f"{word!r} is empty; give a name, or leave the option out")
    return word


def read_annotations(args: argparse.Namespace) -> "AnnotationSet":
    """Reads the annotation file.

    Raises:
      UserError: it cannot be read, or has no samples.
    """
    from timesuite_jax.data.corpora.annotation_set import read_annotation_set
    from timesuite_jax.data.sources import ReadOptions
    from timesuite_jax.storage.staging import local_copy

    classes = _read_classes(args.classes) if args.classes else None
    options = ReadOptions(args.task, args.split, args.annotators, classes)
    return read_annotation_set(local_copy(args.annotations), args.videos, options, format=args.format, seed=args.seed)


def _read_classes(path: Path | epath.Path) -> tuple[str, ...]:
    """The classes of a list, or of a corpus.

    Raises:
      UserError: there is no such list, or the corpus has no classes.
    """
    from timesuite_jax.data.actions.class_list import read_class_list
    from timesuite_jax.data.corpora import read_info
    from timesuite_jax.storage.staging import local_copy

    if not path.is_dir():
        return read_class_list(local_copy(path))
    classes = read_info(path).classes
    if not classes:
        raise UserError(f"--classes {path}: the corpus has no names of classes; give a list of them")
    return classes
