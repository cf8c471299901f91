"""What `timesuite evaluate` exchanges with a model family: the user's request, the work to do, the report to show."""

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from etils import epath

from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.calibration_file import Calibration
from timesuite_jax.param_tree import Params

Progress = Callable[[int], None]  # receives how many more units (records, users) are finished


@dataclasses.dataclass(frozen=True)
class EvaluationRequest:
    """Options of one evaluation; None keeps what the model's config has.

    Attributes:
      batch_size: prompts per batch.
      limit: records of each corpus.
      prompt: name of a conversation layout.
      protocol: name of a protocol, how inputs are made and answers read.
      answers: "auto" or "free", whether answers with times are constrained to well-formed ones.
      benchmark: name of a benchmark.
      annotations: official annotation files of a published benchmark.
      videos: folder of its videos.
      split: which subset, of an annotation file that has several.
      calibration: temperatures of confidences, kept beside the run.
      calibrate: whether the caller stores the temperature that is fitted.
      control: name of a control experiment.
      results: folder that stores answers as they are made, so that an interrupted evaluation resumes.
      predictions: file for every answer.
      submission: file that the benchmark's own evaluation takes.
      timeline: image file for the first answers.
      report: folder for an HTML page of scores and examples.
    """

    batch_size: int | None = None
    limit: int | None = None
    prompt: str | None = None
    protocol: str | None = None
    answers: Literal["auto", "free"] | None = None
    benchmark: str | None = None
    annotations: tuple[Path, ...] | None = None
    videos: Path | None = None
    split: str | None = None
    calibration: Calibration | None = None
    calibrate: bool | None = None
    control: str | None = None
    results: Path | None = None
    predictions: epath.Path | None = None
    submission: epath.Path | None = None
    timeline: epath.Path | None = None
    report: Path | None = None

    def check_supported(self, family: str, supported: Collection[str] = ()) -> None:
        """Rejects options that a model family does not have.

        Raises:
          UserError: naming the first unsupported option that is set.
        """
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value is not None and field.name not in supported:
                shown = " ".join(map(str, value)) if isinstance(value, tuple) else value
                option = f"--{field.name.replace('_', '-')}{'' if value is True else f' {shown}'}"
                raise UserError(f"{option} is not supported for {family} models; remove the option")


@dataclasses.dataclass(frozen=True)
class EvaluationReport:
    """Results of one evaluation.

    Attributes:
      metrics: everything that was measured, for JSON output.
      show: prints the results as tables.
      write_files: each writes one file of the request; called last, so that a full disk does not lose the scores.
    """

    metrics: Mapping[str, Any]
    show: Callable[[], None]
    write_files: Sequence[Callable[[], None]] = ()


@dataclasses.dataclass(frozen=True)
class EvaluationJob:
    """An evaluation whose data have been checked, ready for a model's parameters.

    Attributes:
      label: what it does, for the progress bar ("answering").
      total: number of units that it reports to its progress callback.
      run: computes the report.
    """

    label: str
    total: int
    run: Callable[[Params, Progress], EvaluationReport]
