"""The contract between the training loop and what it trains: `Task`, its `DataStream` and its `Evaluation`s."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
from etils import epath
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from timesuite_jax.errors import UserError
from timesuite_jax.param_tree import ParamPath, Params
from timesuite_jax.training.evaluation import Evaluation

Batch = Mapping[str, Shaped[np.ndarray, "B ..."]]
MetricSums = dict[str, tuple[Float[Array, ""], Float[Array, ""]]]  # name -> (weighted sum, sum of weights)
LearningRateScale = float | Float[np.ndarray, " layers"]
DataReport = dict[str, dict[str, Any]]  # corpus -> counts of used and dropped samples, reasons, cuts


class DataStream(Protocol):
    """An endless iterator over this process's batches whose position can be saved and restored."""

    def __next__(self) -> Batch:
        """The next batch, in arrays that are never written to again (their memory may be shared with the device)."""
        ...

    def get_state(self) -> dict[str, Any]:
        """The position as JSON: after `set_state` of it, the next batch is the one that would come next now.

        It is the same in all processes of a run.
        """
        ...

    def set_state(self, state: dict[str, Any]) -> None:
        """Moves to a position returned by `get_state`."""
        ...

    def sample_names(self, batch: Batch) -> list[str]:
        """Names of the samples of one of this stream's batches, for error messages."""
        ...

    def report(self) -> DataReport:
        """Counts of this process's samples so far; empty where no sample can be dropped or cut."""
        ...

    def close(self) -> None:
        """Ends threads and worker processes."""
        ...


@dataclasses.dataclass(frozen=True)
class InitialWeights:
    """Weights that a new run starts from.

    Attributes:
      source: where they come from, for the log.
      load: gets the nested dict of all parameters (`jax.ShapeDtypeStruct` with a sharding) and returns those that the
        source has, with these shardings. It decides which missing parameters are an error; parameters that it leaves
        out are initialised.
    """

    source: str
    load: Callable[[Params], Params]


class Call(NamedTuple):
    """A jitted function and the shapes of its arguments (trees of `jax.ShapeDtypeStruct`): enough to compile it."""

    function: Any
    arguments: tuple[Any, ...]


class Task(Protocol):
    """A model, an objective, a data source and evaluations, bound together. Tasks inherit from it."""

    name: str

    def abstract_params(self) -> Params:
        """Shapes, dtypes and logical axes (`nn.LogicallyPartitioned` of `jax.ShapeDtypeStruct`); nothing allocated."""
        ...

    def init(self, rng: PRNGKeyArray) -> Params:
        """Fresh parameters, same structure, plain arrays; pure, so that it can be compiled and born sharded."""
        ...

    def initial_weights(self) -> InitialWeights | None:
        """What a new run starts from instead of fresh parameters."""
        ...

    def check_inputs(self, *, new: bool) -> None:
        """Checks, before any is read, that all files exist that training needs.

        Args:
          new: whether the run begins, and needs its initial weights.

        Raises:
          UserError: listing all that are missing.
        """

    def trainable(self, path: ParamPath) -> bool:
        """Whether a parameter is trained; the others are never differentiated and stored once a run."""
        ...

    def run_files(self) -> dict[str, tuple[epath.Path, ...]]:
        """Files that the trained model needs beside its parameters, by key of the config ("text.tokenizer").

        A run keeps copies. The first file of each key is the one that its value names; the others belong beside it.
        """
        return {}

    def learning_rate_scale(self, path: ParamPath) -> LearningRateScale:
        """Factor of a trained parameter's learning rate; one value a layer for stacked layers with layer decay."""
        return 1.0

    def is_statistic(self, path: ParamPath) -> bool:
        """Whether a trained parameter is a statistic of the data, such as the running mean of a BatchNorm.

        Its gradient, divided by the loss's weight, is added to it: no clipping, learning rate or weight decay.
        """
        return False

    def loss(
        self, trainable: Params, frozen: Params, batch: Mapping[str, Shaped[Array, "B ..."]], rng: PRNGKeyArray
    ) -> tuple[Float[Array, ""], Float[Array, ""], MetricSums]:
        """The summed loss, its weight (e.g. the number of predicted tokens), and metrics as weighted sums.

        Pure. The loop divides summed gradients by summed weights, so splitting a batch over devices or microbatches
        changes nothing. Draw randomness from `training.streams(rng, ...)`.
        """
        ...

    def train_data(self, *, seed: int, process_index: int, process_count: int, row_multiple: int = 1) -> DataStream:
        """This process's shard of the training data, from the beginning.

        Processes whose devices work on the same samples request the same shard (see `parallel.process_shard`). The rows
        of a batch, of all processes together, must be a multiple of `row_multiple` (see `parallel.batch_multiple`).
        """
        ...

    def steps_per_epoch(self) -> int:
        """Number of batches of one pass over the training data, from the data.

        Raises:
          UserError: if the task has no epochs, or its data cannot be read.
        """
        raise UserError(
            f"a {self.name} model has no epochs; set training.total_steps, and training.interval='step' for intervals"
        )

    def abstract_batch(self, *, row_multiple: int = 1) -> Batch:
        """The largest training batch, of all processes together, without reading data.

        Ahead-of-time compilation uses its shapes and its `throughput_counts`. Its arrays take no memory
        (`np.broadcast_to` of a scalar). Its rows are a multiple of `row_multiple` where the task chooses their number.
        """
        ...

    def throughput_counts(self, batch: Batch) -> dict[str, float]:
        """Counts of a batch, e.g. {"tokens": 4096, "frames": 256}, logged per second.

        "model_flops", where given, is the arithmetic of a step on this batch that the mathematics requires (forward and
        backward, without recomputation), from which follows the model FLOPs utilisation. The compiler's own count does
        not replace it: it counts the body of a loop once.
        """
        ...

    def evaluation_programs(self, params: Params) -> dict[str, Call]:
        """The programs that evaluation runs, by name, for ahead-of-time compilation.

        Args:
          params: all parameters, as `jax.ShapeDtypeStruct` with shardings.
        """
        ...

    def evaluations(self) -> dict[str, Evaluation]:
        """The evaluations, by name."""
        ...


def evaluation_metric_names(task: Task) -> list[str]:
    """The metrics of all evaluations, as "evaluation/metric"."""
    return [f"{name}/{metric}" for name, evaluation in task.evaluations().items() for metric in evaluation.metric_names]
