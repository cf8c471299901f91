"""Where the annotations and videos of a published benchmark are."""

from dataclasses import dataclass
from pathlib import Path

from timesuite_jax.errors import UserError

_SUFFIXES = (".json", ".jsonl", ".parquet")
_TEXT = ".txt"  # also of notes beside annotations, so that it counts only where no other annotations are


@dataclass(frozen=True)
class PublishedSources:
    """Files of a benchmark.

    Attributes:
      annotations: its official annotation files, or folders of them; at least one.
      videos: folder of its videos.
      split: which subset, of a file that has several.
    """

    annotations: tuple[Path, ...]
    videos: Path
    split: str | None = None

    def annotation_files(self) -> tuple[Path, ...]:
        """Returns the annotation files; of a folder those of JSON and Parquet, or else the text files, by name.

        Raises:
          UserError: a folder has none.
        """
        files: list[Path] = []
        for path in self.annotations:
            within = _within(path) if path.is_dir() else [path]
            if not within:
                suffixes = ", ".join((*_SUFFIXES, _TEXT))
                raise UserError(f"the folder {path} has no annotation file ({suffixes}); check the path")
            files += within
        return tuple(files)


def _within(folder: Path) -> list[Path]:
    files = sorted(file for file in folder.iterdir() if file.is_file())
    return [file for file in files if file.suffix in _SUFFIXES] or [file for file in files if file.suffix == _TEXT]
