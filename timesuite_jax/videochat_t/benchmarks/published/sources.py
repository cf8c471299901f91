"""Where the annotations and videos of a published benchmark are."""

from dataclasses import dataclass
from pathlib import Path

from timesuite_jax.errors import UserError

_SUFFIXES = (".json", ".jsonl", ".parquet")


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
        """Returns the annotation files; of a folder those of JSON and Parquet, by name.

        Raises:
          UserError: a folder has none.
        """
        files: list[Path] = []
        for path in self.annotations:
            within = sorted(file for file in path.iterdir() if file.suffix in _SUFFIXES) if path.is_dir() else [path]
            if not within:
                raise UserError(f"the folder {path} has no annotation file ({', '.join(_SUFFIXES)}); check the path")
            files += within
        return tuple(files)
