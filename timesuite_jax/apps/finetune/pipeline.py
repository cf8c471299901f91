"""The steps of fine-tuning on own videos: validation, corpora, training, evaluation.

Each stores its result in the work folder, and is skipped or resumed if it is there.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from ml_collections import ConfigDict
from rich.console import Console

from timesuite_jax import registry
from timesuite_jax.apps.finetune.config import EPOCHS, finetune_config, started_config, tiny_base
from timesuite_jax.apps.finetune.corpora import build_corpora, corpus_folder
from timesuite_jax.apps.finetune.evaluate import evaluate
from timesuite_jax.apps.finetune.plan import TRAIN, Plan, find_plan, make_plan
from timesuite_jax.apps.finetune.spec import FinetuneSpec
from timesuite_jax.apps.finetune.start import starting_config
from timesuite_jax.apps.timing import timed
from timesuite_jax.apps.tiny_model import tiny_config
from timesuite_jax.apps.training_run import train
from timesuite_jax.checkpoints.layout import has_checkpoint
from timesuite_jax.counted import counted
from timesuite_jax.data.corpora.corpus import write_json
from timesuite_jax.evaluation import Result
from timesuite_jax.registry.capabilities import ChecksReadiness
from timesuite_jax.training import DataReport, TrainingSpec
from timesuite_jax.videochat_t.task import VideoChatTask

TINY_NOTE = (
    "training a tiny model from scratch: it shows that the rows and the steps work, but its answers are of no use on "
    "real videos; for a useful model give --weights released on a machine with an accelerator"
)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """Result of a fine-tuning.

    Attributes:
      plan: what the corpora consist of.
      data: what became of the samples in training, in this invocation.
      results: scores by held-out corpus.
      seconds: of each step in this invocation.
    """

    plan: Plan
    data: DataReport
    results: Mapping[str, Result[Any]]
    seconds: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        """Returns the result as JSON values."""
        return {
            "rows": self.plan.rows,
            "videos": self.plan.videos,
            "left_out": [{**number._asdict(), "problem": text} for number, text in self.plan.left_out],
            "notes": list(self.plan.notes),
            "scores": {name: result.as_json() for name, result in self.results.items()},
            "seconds": {name: round(value, 1) for name, value in self.seconds.items()},
        }


def run(
    spec: FinetuneSpec,
    *,
    base: ConfigDict | None = None,
    override: Callable[[ConfigDict], None] = lambda config: None,
    quiet: bool = False,
) -> Outcome:
    """Runs all steps.

    Args:
      spec: settings; an earlier call with the same ones in its work folder is resumed.
      base: config of the model, in place of that of the weights.
      override: changes keys of the config; called more than once.
      quiet: no progress bars and no output on stderr.

    Raises:
      UserError: rows, videos, weights or the work folder cannot be used.
    """
    console = Console(stderr=True, quiet=quiet, soft_wrap=True, highlight=False)
    seconds: dict[str, float] = {}
    plan = find_plan(spec)
    started = has_checkpoint(spec.workdir)
    config = None if started else _start(spec, base, override, console)
    with timed(seconds, "validation", console.print, "1/4 validating rows and videos"):
        plan = plan or make_plan(spec, quiet=quiet)
        show_plan(plan, console)
    with timed(seconds, "corpora", console.print, "2/4 building corpora"):
        build_corpora(spec, plan, lambda line: console.print(line, markup=False), quiet=quiet)
    folders = {name: str(corpus_folder(spec.workdir, name)) for name in plan.rows}
    with timed(seconds, "training", console.print, "3/4 training"):
        if started:
            config = started_config(spec.workdir, folders[TRAIN])
        else:
            config = config or tiny_base(spec.workdir, list(folders.values()))
            override(config)  # sequences are measured with its tokenizer
            config, unknown = finetune_config(config, folders[TRAIN], list(folders.values()), seed=spec.seed)
            if unknown:
                console.print(f"questions and answers with words that the tokenizer does not know: {unknown}")
        override(config)
        _, data = train(config, spec.workdir, VideoChatTask)
    with timed(seconds, "evaluation", console.print, "4/4 evaluating on held-out videos"):
        results = evaluate(spec.workdir, {name: folders[name] for name in plan.held_out}, quiet=quiet)
    outcome = Outcome(plan, data, results, seconds)
    write_json(spec.workdir / "results.json", outcome.as_json())
    return outcome


def _start(
    spec: FinetuneSpec, base: ConfigDict | None, override: Callable[[ConfigDict], None], console: Console
) -> ConfigDict | None:
    """The config of the model to start from, None for the tiny one; checks what can be checked before rows are read."""
    config = starting_config(spec.weights, base)
    given = config or tiny_config("", 1, (), batch_size=1, bucket=1, clip_text_length=3)
    override(given)
    training = given.to_dict()["training"]
    if not training.get("total_steps"):
        training["epochs"] = training.get("epochs") or EPOCHS  # as `finetune_config` does
    TrainingSpec.from_config(training)
    if config is None:
        console.print(TINY_NOTE)
        return None
    task = registry.build(config.to_dict())
    if isinstance(task, ChecksReadiness):
        task.check_ready(weights=True, evaluate=False)
    weights: Any = config.get("weights", {})
    files = weights.get("files", ())
    console.print(f"starting from {', '.join(files) or 'fresh parameters: config.weights.files is empty'}")
    return config


def show_plan(plan: Plan, console: Console) -> None:
    """Prints what the corpora consist of, and the bad rows that are left out."""
    counts = ", ".join(f"{counted(count, 'row')} for {name}" for name, count in plan.rows.items())
    videos = counted(plan.videos[TRAIN], "video")
    console.print(f"{counts}; {videos} to train on, {plan.videos['held_out']} held out")
    if plan.left_out:
        console.print(f"left out: {counted(len({number for number, _ in plan.left_out}), 'bad row')}, for example:")
    for number, text in plan.left_out[:5]:
        console.print(f"  row {number}: {text}", markup=False)
    for note in plan.notes:
        console.print(f"note: {note}", markup=False)
