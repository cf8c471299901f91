"""Runs a quickstart: its steps in order, shown and timed, in a work folder that resumes only the same quickstart."""

import dataclasses
import itertools
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from rich.console import Console

from timesuite_jax.apps.settings_file import keep_settings
from timesuite_jax.apps.timing import timed
from timesuite_jax.data.corpora.corpus import write_json

ConfigT = TypeVar("ConfigT")


class Result(Protocol):
    """What the steps of a quickstart return."""

    @property
    def files(self) -> Mapping[str, str]:
        """Paths by what the files are."""
        ...

    @property
    def next_command(self) -> str:
        """A command to try."""
        ...

    def metrics(self) -> dict[str, Any]:
        """All measured numbers as JSON values, by name."""
        ...


ResultT = TypeVar("ResultT", bound=Result)


@dataclasses.dataclass(frozen=True)
class Work(Generic[ConfigT]):
    """What the steps of a quickstart are given.

    Attributes:
      folder: for all outputs.
      config: sizes.
      seed: of the videos, the parameters and the data order.
      quiet: no progress bars.
      step: (name, title) to a context in which the step is run.
    """

    folder: Path
    config: ConfigT
    seed: int
    quiet: bool
    step: Callable[[str, str], AbstractContextManager[None]]


@dataclasses.dataclass(frozen=True)
class Quickstart(Generic[ConfigT, ResultT]):
    """The quickstart of a family.

    Attributes:
      family: of models.
      config: a dataclass of its sizes.
      steps: number of steps of the pipeline.
      pipeline: runs them; stores what they make in the work folder, and skips or resumes what is there.
      print_table: prints the metrics of a result beside their controls.
      closing: what to try at the end, before the next command.
    """

    family: str
    config: ConfigT
    steps: int
    pipeline: Callable[[Work[ConfigT]], ResultT]
    print_table: Callable[[ResultT, Console], None]
    closing: str


@dataclasses.dataclass(frozen=True)
class Outcome(Generic[ResultT]):
    """Result of a quickstart, and the wall seconds of each step in this invocation."""

    result: ResultT
    seconds: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        """Returns the outcome as JSON values."""
        result = self.result
        files = {"files": dict(result.files), "next": result.next_command}
        return {**result.metrics(), "seconds": self.seconds, **files}


def run(quickstart: Quickstart[ConfigT, ResultT], workdir: Path, *, seed: int, quiet: bool = False) -> Outcome[ResultT]:
    """Runs all steps and writes `results.json`.

    Args:
      quickstart: of a family.
      workdir: folder for all outputs; an earlier quickstart of the same family, config and seed in it is resumed.
      seed: of the videos, the parameters and the data order.
      quiet: no progress bars and no output on stderr.

    Raises:
      UserError: the folder cannot be used, or contains another quickstart.
    """
    show = Console(stderr=True, quiet=quiet).print
    seconds: dict[str, float] = {}
    config: Any = quickstart.config
    settings = {"family": quickstart.family, "config": dataclasses.asdict(config), "seed": seed}
    keep_settings(workdir / "quickstart.json", settings, "a quickstart")
    numbers = itertools.count(1)

    def step(name: str, title: str) -> AbstractContextManager[None]:
        return timed(seconds, name, show, f"{next(numbers)}/{quickstart.steps} {title}")

    result = quickstart.pipeline(Work(workdir, quickstart.config, seed, quiet, step))
    outcome = Outcome(result, {name: round(value, 1) for name, value in seconds.items()})
    write_json(workdir / "results.json", outcome.as_json())
    return outcome
