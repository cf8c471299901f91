"""Settings of one fine-tuning."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from etils import epath

from timesuite_jax.apps.finetune.row_file import check_row_file
from timesuite_jax.data.corpora.bad_spans import OnBadSpan
from timesuite_jax.storage.remote_path import absolute
from timesuite_jax.storage.staging import local_copy


@dataclass(frozen=True)
class FinetuneSpec:
    """What is fine-tuned, on what, and how.

    Attributes:
      rows: file of rows.
      videos: folder of their videos.
      workdir: folder of the run.
      weights: to start from, see `start`.
      held_out: share of the videos to hold out for evaluation.
      seed: of the split, of fresh parameters and of the order of training.
      on_bad_span: what to do about times beyond the end of their video.
      skip_bad_rows: leave bad rows out instead of stopping.
      frames: store so many JPEG frames of each video instead of the video.
      deadline_s: wall seconds that decoding one video may take.
      threads: videos that are checked at the same time.
      config: of the model, as the command line has it; "" for that of the weights.
      overrides: of its keys.
    """

    rows: epath.Path
    videos: epath.Path
    workdir: Path
    weights: tuple[str, ...] = ()
    held_out: float = 0.1
    seed: int = 0
    on_bad_span: OnBadSpan = "reject"
    skip_bad_rows: bool = False
    frames: int | None = None
    deadline_s: float = 120.0
    threads: int = 4
    config: str = ""
    overrides: tuple[str, ...] = ()

    def settings(self) -> dict[str, Any]:
        """Everything that decides the result, as JSON values, with a checksum of the rows.

        Raises:
          UserError: the rows cannot be read.
        """
        check_row_file(self.rows)
        return {
            "rows": hashlib.sha256(local_copy(self.rows).read_bytes()).hexdigest(),
            "--videos": str(absolute(self.videos)),
            "--weights": list(self.weights),
            "--held-out": self.held_out,
            "--seed": self.seed,
            "--on-bad-span": self.on_bad_span,
            "--skip-bad-rows": self.skip_bad_rows,
            "--frames": self.frames,
            "--config": self.config,
            "overrides": list(self.overrides),
        }

    def command(self) -> list[str]:
        """The words of the command line with these settings, which resumes."""
        words = ["finetune", str(self.rows), "--videos", str(self.videos), "--workdir", str(self.workdir)]
        for location in self.weights:
            words += ["--weights", location]
        for name in ("held_out", "seed", "on_bad_span", "skip_bad_rows", "frames", "deadline_s", "threads", "config"):
            value = getattr(self, name)
            if value != type(self).__dataclass_fields__[name].default:
                words += [_option(name)] if value is True else [_option(name), str(value)]
        return [*words, *self.overrides]


def _option(field: str) -> str:
    return f"--{field.removesuffix('_s').replace('_', '-')}"
