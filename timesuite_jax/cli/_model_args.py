"""Options by which a command chooses a model: a training run, or a config that names weights."""

import argparse
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from ml_collections import ConfigDict

from timesuite_jax.cli._configs import load_config
from timesuite_jax.cli._overrides import apply_overrides
from timesuite_jax.cli._processes import join_processes
from timesuite_jax.errors import UserError

if TYPE_CHECKING:
    from timesuite_jax.registry import Model

Capability = TypeVar("Capability")

# Parts of a run's config that name where things are and how the model is used, not what it is.
_OVERRIDABLE = ("text.", "data.", "evaluation.", "features.path.", "training.mesh.", "training.rules.")


def add_model(parser: argparse.ArgumentParser) -> None:
    """Adds `--workdir` (also under its former name, `--checkpoint`), `--step` and `--config`."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--workdir", metavar="DIR", help="folder of a training run; --config.KEY=VALUE overrides text.* and data"
    )
    group.add_argument("--checkpoint", dest="workdir", help=argparse.SUPPRESS)
    group.add_argument(
        "--config",
        metavar="CONFIG[:ARG]",
        help="instead of a run: a config whose config.weights.files contain all weights; --config.KEY=VALUE overrides",
    )
    add_step(parser)


def add_step(parser: argparse.ArgumentParser) -> None:
    """Adds `--step`, which checkpoint of a run a command reads."""
    parser.add_argument(
        "--step",
        type=_step,
        metavar="N|best",
        help="checkpoint of this step, or the best one by the run's training.best (default: the newest)",
    )


def add_prompt(parser: argparse.ArgumentParser) -> None:
    """Adds `--prompt`, the conversation layout of questions, and `--protocol`."""
    parser.add_argument(
        "--prompt",
        metavar="LAYOUT",
        help="conversation layout, `training` or upstream's `evaluation` (default: the protocol's)",
    )
    parser.add_argument(
        "--protocol",
        metavar="NAME",
        help="how inputs are made and answers read: `default`, as the model was trained, or `paper`, as the original "
        "evaluates its released model (default: the config's)",
    )


def add_answers(parser: argparse.ArgumentParser) -> None:
    """Adds `--answers`, whether answers are constrained."""
    parser.add_argument(
        "--answers",
        choices=["auto", "free"],
        help="auto: answers to questions for times are constrained to be well-formed, within the video, and with each "
        "start before its end, except under --protocol paper; free: any text (default: auto)",
    )


def add_long(parser: argparse.ArgumentParser) -> None:
    """Adds `--long` and `--window`, how long videos are shown."""
    parser.add_argument(
        "--long",
        choices=["whole", "resampled", "hierarchical"],
        default="whole",
        help="how a video longer than --window is shown. whole (default): with as many frames as any other; resampled: "
        "with more clips than in training; hierarchical: in windows, of which the surest is looked at again, for "
        "questions for the time of an event",
    )
    parser.add_argument(
        "--window", type=float, metavar="SECONDS", help="of a video shown at a time (config.evaluation.window_s)"
    )


def open_model(
    args: argparse.Namespace,
    needs: type[Capability],
    data: Sequence[str] | None = None,
    *,
    needs_data: bool = True,
) -> "Model[Capability]":
    """The model that the options of `add_model` choose; on a pod, this process first joins the others.

    Args:
      args: parsed options.
      needs: capability that the command uses.
      data: paths that replace the config's data.
      needs_data: whether the config's evaluation data must exist.

    Raises:
      UserError: if options contradict each other, or as `registry.open_model`.
    """
    from timesuite_jax import registry

    if args.workdir is None and args.config is None:
        raise UserError(
            "no model is given: give --workdir RUN, the folder of a training run, or --config CONFIG with its weights; "
            "`timesuite quickstart` trains a small model of videos in minutes, for --workdir quickstart/run"
        )
    join_processes()
    used = data or (() if needs_data else None)
    if args.workdir is not None:
        config = _overridden(registry.run_config(args.workdir, step=args.step), args.overrides)
        return registry.open_model(args.workdir, needs, step=args.step, data=used, config=config)
    if args.step is not None:
        raise UserError(f"--step {args.step} names a checkpoint of a run, but --config has none; remove --step")
    return registry.open_model(load_config(args.config, args.overrides), needs, data=used)


def _overridden(config: Mapping[str, Any], overrides: Sequence[str]) -> ConfigDict:
    """The config of a run with overrides of what does not change its model.

    Raises:
      UserError: on an override of another part, an unknown key or a value of the wrong type.
    """
    for word in overrides:
        key = word.removeprefix("--config.").partition("=")[0]
        if not f"{key}.".startswith(_OVERRIDABLE):
            parts = ", ".join(part.rstrip(".") for part in _OVERRIDABLE)
            raise UserError(
                f"{word}: the model and the training of a run are fixed; of its config, {parts} can be overridden"
            )
    changed = ConfigDict(config)
    apply_overrides(changed, overrides)
    return changed


def is_first_process() -> bool:
    """Whether this process prints and writes the results."""
    import jax

    return jax.process_index() == 0


def _step(word: str) -> int | str:
    if word == "best":
        return word
    if not word.isdigit():
        raise argparse.ArgumentTypeError(f"{word!r} is not a step; give a number, or best")
    return int(word)
