"""From a config to a task; from a run's folder to a task and its parameters."""

import importlib
from typing import TYPE_CHECKING, cast

import jax
import jax.numpy as jnp
from etils import epath
from jax.sharding import Mesh
from ml_collections import ConfigDict

from timesuite_jax import config_spec, parallel, param_tree, training
from timesuite_jax.checkpoints.readers import read_config, read_data_position, restore_params
from timesuite_jax.checkpoints.step_selection import StepChoice
from timesuite_jax.config_spec import Config
from timesuite_jax.errors import UserError
from timesuite_jax.param_tree import Params
from timesuite_jax.suggestions import did_you_mean

if TYPE_CHECKING:
    from timesuite_jax.mqsa_ted.task import MqsaTedTask
    from timesuite_jax.videochat_t.task import VideoChatTask

# name -> where its class lies. Imported when asked for: a family must not make the others slower to start.
TASKS = {
    "videochat_t": ("timesuite_jax.videochat_t.task", "VideoChatTask"),
    "mqsa_ted": ("timesuite_jax.mqsa_ted.task", "MqsaTedTask"),
}


def build(config: Config) -> training.Task:
    """The task that a config describes.

    Raises:
      UserError: if `config.task` names none, or the task finds something wrong with its own part.
    """
    name = config.get("task")
    if name not in TASKS:
        hint = did_you_mean(str(name), TASKS) or f"known are {', '.join(TASKS)}"
        raise UserError(f"config.task={name!r} is unknown; {hint}")
    module, cls = TASKS[name]
    return getattr(importlib.import_module(module), cls).from_config(config)


def run_config(workdir: epath.PathLike, *, step: StepChoice = None) -> ConfigDict:
    """The config of a run; its `task` says of which family it is.

    Raises:
      UserError: if the folder has no such checkpoint, or `timesuite train` did not write it.
    """
    config = ConfigDict(read_config(workdir, step))
    if "task" not in config:
        raise UserError(f"{workdir} was not written by `timesuite train`: its checkpoint names no task")
    return config


def load_run(workdir: epath.PathLike, *, step: StepChoice = None) -> tuple[training.Task, Params]:
    """The task of a run and the parameters it left.

    Args:
      workdir: of the run.
      step: which checkpoint, or "best"; the newest if not given.

    Raises:
      UserError: if the folder has no such checkpoint, or what its config names (tokenizers, say) is not there any more.
    """
    task = build(run_config(workdir, step=step))
    return task, restore_params(workdir, task.abstract_params(), step)


def answering_layout(config: Config, abstract_params: Params) -> tuple[Mesh, parallel.Rules]:
    """Mesh and rules for answering: those of the config's training, where it has as many devices as are here and they
    divide the parameters. So a model too large for one of them is split here as there. Otherwise (a pod's run at home,
    `fsdp=-1` on three cards) each has a copy.

    Args:
      config: of a run, or one that was given.
      abstract_params: the task's.

    Raises:
      UserError: if `config.training` names meshes or rules that cannot be anywhere.
    """
    given = (config.to_dict() if isinstance(config, ConfigDict) else config).get("training", {})
    spec = config_spec.build(parallel.MeshSpec, given.get("mesh", {}), "training.mesh")
    try:
        mesh = parallel.make_mesh(spec)
    except UserError:
        return parallel.make_mesh(), parallel.DEFAULT_RULES
    rules = parallel.make_rules(given.get("rules", {}), mesh)
    try:
        parallel.shardings(abstract_params, mesh, rules)
    except UserError:
        return parallel.make_mesh(), parallel.DEFAULT_RULES
    return mesh, rules


def load_chat(workdir: epath.PathLike, *, step: StepChoice = None) -> "tuple[VideoChatTask, Params]":
    """As `load_run`, of a run that answers questions about videos.

    Raises:
      UserError: also if the run is of another family.
    """
    config = run_config(workdir, step=step)
    if config.task != "videochat_t":
        raise UserError(f"{workdir} holds a {config.task} run, which answers no questions; give one of VideoChat-T")
    task = cast("VideoChatTask", build(config))
    task.preparer()  # a tokenizer that is gone should be told before parameters are read
    abstract = task.abstract_params()
    return task, restore_params(workdir, abstract, step, *answering_layout(config, abstract))


def load_chat_weights(config: Config) -> "tuple[VideoChatTask, Params]":
    """A model that answers questions about videos, with the weights that its config names; there need be no run.

    Args:
      config: of VideoChat-T; `config.weights.files` have every parameter.

    Raises:
      UserError: if the config is of another family or names no files, or these lack a parameter, have one more, or hold
        NaN.
    """
    if config.get("task") != "videochat_t":
        raise UserError(f"config.task={config.get('task')!r} answers no questions; give a config of VideoChat-T")
    task = cast("VideoChatTask", build(config))
    weights = _named_weights(task)
    task.preparer()  # a tokenizer that is not there should be told before parameters are read
    return task, _all_of(weights, task, config)


def _named_weights(task: "VideoChatTask | MqsaTedTask") -> training.InitialWeights:
    """The weights that the config names, beside which the task may lay what it has from elsewhere.

    Raises:
      UserError: it names none.
    """
    weights = task.initial_weights()
    if weights is None or not task.config.weights.files:
        raise UserError(
            "config.weights.files names none: a model answers with weights; name them, e.g. "
            "--config.weights.files=\"('model.safetensors',)\", or give a training run"
        )
    return weights


def _all_of(weights: training.InitialWeights, task: training.Task, config: Config) -> Params:
    """Every parameter of the task, from weights.

    Raises:
      UserError: some are missing, or hold NaN.
    """
    abstract = task.abstract_params()
    targets = parallel.abstract_arrays(abstract, *answering_layout(config, abstract))
    params = weights.load(targets)
    found = {path for path, _ in param_tree.leaves_with_paths(params)}
    absent = ["/".join(path) for path, _ in param_tree.leaves_with_paths(targets) if path not in found]
    if absent:
        raise UserError(
            f"{weights.source}: {len(absent)} parameters are missing, among them {', '.join(absent[:3])}: "
            "config.weights.expect_missing lets a training begin so, but a model that answers needs all of them; "
            "add the file that has them"
        )
    if broken := _not_finite(params):
        raise UserError(
            f"{weights.source}: {len(broken)} parameters hold NaN or infinity, among them {', '.join(broken[:3])}; "
            "nothing can be answered with them; give files that are whole"
        )
    return params


def _not_finite(params: Params) -> list[str]:
    """Names of the parameters that hold a value that is no number."""
    finite = jax.jit(lambda params: jax.tree.map(lambda leaf: jnp.all(jnp.isfinite(leaf)), params))(params)
    return ["/".join(path) for path, whole in param_tree.leaves_with_paths(jax.device_get(finite)) if not whole]


def load_recommender(
    workdir: epath.PathLike, *, step: StepChoice = None, data: str | None = None
) -> "tuple[MqsaTedTask, Params]":
    """As `load_run`, of a run that recommends items.

    Args:
      workdir: of the run.
      step: which checkpoint, or "best"; the newest if not given.
      data: the interactions, where they lie elsewhere now than the run's config says.

    Raises:
      UserError: also if the run is of another family, or its items had other names or another order.
    """
    config = run_config(workdir, step=step)
    if config.task != "mqsa_ted":
        raise UserError(f"{workdir} holds a {config.task} run, which recommends nothing; give one of MQSA-TED")
    task = _recommender(config, data)
    position = read_data_position(workdir, step)
    found = task.data.item_checksum()
    # Runs from before there was a checksum have none.
    if (trained := position.get("item_checksum", found)) != found:
        raise UserError(
            f"the items of {task.config.data.path or 'data.synthetic'} have other names or another order (checksum "
            f"{found}) than those that {workdir} was trained with ({trained}); give the file that it was trained with"
        )
    if task.added and position.get("feature_checksum", task.added.checksum) != task.added.checksum:
        raise UserError(
            f"the vectors of {task.config.features.path} are others (checksum {task.added.checksum}) than those that "
            f"{workdir} was trained with ({position['feature_checksum']}); give the file that it was trained with"
        )
    abstract = task.abstract_params()
    return task, restore_params(workdir, abstract, step, *answering_layout(config, abstract))


def load_recommender_weights(config: Config, *, data: str | None = None) -> "tuple[MqsaTedTask, Params]":
    """A model that recommends items, with the weights that its config names; there need be no run.

    Args:
      config: of MQSA-TED; `config.weights.files` have every parameter.
      data: the interactions, if not those of the config. The weights do not say which items they know: their order
        must be that of the data.

    Raises:
      UserError: if the config is of another family or names no files, or these lack a parameter, have one more, or hold
        NaN.
    """
    if config.get("task") != "mqsa_ted":
        raise UserError(f"config.task={config.get('task')!r} recommends nothing; give a config of MQSA-TED")
    task = _recommender(config, data)
    return task, _all_of(_named_weights(task), task, config)


def _recommender(config: Config, data: str | None) -> "MqsaTedTask":
    """The task of a config, on its data or those in another place."""
    parts = config.to_dict() if isinstance(config, ConfigDict) else dict(config)
    if data is not None:
        parts["data"] = {**parts.get("data", {}), "path": data, "synthetic": None}
    return cast("MqsaTedTask", build(parts))
