"""Which model a command asks: that of a training run, or that of a config with the weights it names."""

import argparse
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from ml_collections import ConfigDict

from timesuite_jax.cli._configs import load_config
from timesuite_jax.cli.steps import add_step
from timesuite_jax.errors import UserError

if TYPE_CHECKING:
    from timesuite_jax.mqsa_ted.task import MqsaTedTask
    from timesuite_jax.param_tree import Params
    from timesuite_jax.training import Task
    from timesuite_jax.videochat_t.task import VideoChatTask


def add_model(parser: argparse.ArgumentParser, option: str) -> None:
    """Adds the options: `option` (`args.run_folder`) names a run, `--step` a checkpoint of it, `--config` a config."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument(option, dest="run_folder", metavar="DIR", help="work folder of a training run")
    which.add_argument(
        "--config",
        metavar="CONFIG[:ARG]",
        help="no run, but a config whose config.weights.files hold every weight; takes overrides as train does",
    )
    add_step(parser)


def model_config(args: argparse.Namespace) -> ConfigDict:
    """The run's config, or the one that was given; on a pod, where all hosts are started so, they join up before.

    Raises:
      UserError: if there is no such run or config, or an option belongs to the other of the two.
    """
    from timesuite_jax import parallel
    from timesuite_jax.registry.load import run_config

    parallel.join_processes()
    if args.config is not None:
        if args.step is not None:
            raise UserError(f"--step {args.step} names a checkpoint of a run, and --config has none; leave one out")
        return load_config(args.config, args.overrides)
    if args.overrides:
        raise UserError(
            f"{args.overrides[0]} changes a config, and a run keeps its own; leave it out, or give --config"
        )
    return run_config(args.run_folder, step=args.step)


def load_chat(args: argparse.Namespace, config: ConfigDict) -> "tuple[VideoChatTask, Params]":
    """The model that answers questions, with its parameters.

    Args:
      args: of a command with `add_model`.
      config: what `model_config(args)` returned.

    Raises:
      UserError: if it is of another family, or its parameters are not all there.
    """
    from timesuite_jax.registry import load
    from timesuite_jax.registry.load import load_chat_weights

    if args.config is None:
        return load.load_chat(args.run_folder, step=args.step)
    return load_chat_weights(config)


def load_recommender(args: argparse.Namespace, config: ConfigDict, data: str | None) -> "tuple[MqsaTedTask, Params]":
    """The model that recommends items, with its parameters.

    Args:
      args: of a command with `add_model`.
      config: what `model_config(args)` returned.
      data: the interactions, if they lie elsewhere than the config says.

    Raises:
      UserError: if it is of another family, its parameters are not all there, or its items are others than the data's.
    """
    from timesuite_jax.registry import load
    from timesuite_jax.registry.load import load_recommender_weights

    if args.config is None:
        return load.load_recommender(args.run_folder, step=args.step, data=data)
    return load_recommender_weights(config, data=data)


def on_all_devices(config: ConfigDict, task: "Task") -> AbstractContextManager[None]:
    """Within it, questions or users are spread over the devices that have the parameters."""
    from timesuite_jax import parallel
    from timesuite_jax.registry.load import answering_layout

    return parallel.mesh_context(*answering_layout(config, task.abstract_params()))


def is_first_process() -> bool:
    """Whether this process is the one that tells and writes what all have found out."""
    import jax

    return jax.process_index() == 0
