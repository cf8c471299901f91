"""What the loop needs to know about a thing that is trained; it knows nothing else of it."""

import dataclasses
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from timesuite_jax.param_tree import ParamPath, Params

Batch = Mapping[str, Shaped[np.ndarray, "B ..."]]
MetricSums = dict[str, tuple[Float[Array, ""], Float[Array, ""]]]  # name -> (sum, count)


class DataIterator(Protocol):
    """An endless stream of this process's batches that knows where it is."""

    def __next__(self) -> Batch:
        """The next batch, in arrays that are never written to again (their memory may be shared with the device)."""
        ...

    def get_state(self) -> dict[str, Any]:
        """Where the stream is, as JSON: after `set_state` of it, the next batch is the one that would come next now.

        In a run of many processes it is the same in all of them.
        """
        ...

    def set_state(self, state: dict[str, Any]) -> None:
        """Goes to a place given by `get_state`."""
        ...

    def close(self) -> None:
        """Ends threads and worker processes."""
        ...


@dataclasses.dataclass(frozen=True)
class InitialWeights:
    """Weights to begin with.

    Attributes:
      source: where they come from, for the log.
      load: gets the nested dict of all wanted parameters (`jax.ShapeDtypeStruct` with a sharding) and returns those
        that the source has, placed as asked for. It decides how strict to be, and raises for what must be there;
        parameters it leaves out are initialised.
    """

    source: str
    load: Callable[[Params], Params]


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """A function from all parameters to figures.

    Attributes:
      figures: their names, known before anything is computed: a run that selects by one of them is refused at its start
        if that is misspelt.
      run: the function.
    """

    figures: Collection[str]
    run: Callable[[Params], dict[str, float]]

    def __call__(self, params: Params) -> dict[str, float]:
        """Evaluates."""
        return self.run(params)


class Call(NamedTuple):
    """A jitted function and the shapes of its arguments (trees of `jax.ShapeDtypeStruct`): enough to compile it."""

    function: Any
    arguments: tuple[Any, ...]


class Task(Protocol):
    """A model, an objective, a data source and evaluations, bound together."""

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

    def trainable(self, path: ParamPath) -> bool:
        """Whether a parameter is trained; the others are never differentiated and stored once a run."""
        ...

    def loss(
        self, trainable: Params, frozen: Params, batch: Mapping[str, Shaped[Array, "B ..."]], rng: PRNGKeyArray
    ) -> tuple[Float[Array, ""], Float[Array, ""], MetricSums]:
        """The summed loss, its weight (e.g. the number of predicted tokens), and metrics as sums and counts.

        Pure. The loop divides summed gradients by summed weights, so splitting a batch over devices or microbatches
        changes nothing. Draw randomness from `training.streams(rng, ...)`.
        """
        ...

    def train_data(self, *, seed: int, process_index: int, process_count: int, row_multiple: int = 1) -> DataIterator:
        """The share of the training data that belongs to this process, from the beginning.

        Processes whose devices work on the same samples ask for the same share (see `parallel.batch_share`). The rows
        of a batch, of all processes together, must be a multiple of `row_multiple` (see `parallel.batch_multiple`).
        """
        ...

    def blank_batch(self, *, row_multiple: int = 1) -> Batch:
        """The largest batch that training meets, of all processes together, without content and without data.

        Ahead-of-time compilation takes its shapes and asks `work` of it. Its arrays take no memory
        (`np.broadcast_to` of a scalar). Its rows are a multiple of `row_multiple` where the task chooses their number.
        """
        ...

    def data_report(self) -> dict[str, dict[str, Any]]:
        """What this process's data gave up so far, by corpus: samples used, dropped (and why), cut. For the end."""
        ...

    def sample_names(self, batch: Batch) -> list[str]:
        """Names of the samples of a batch, for messages."""
        ...

    def work(self, batch: Batch) -> dict[str, float]:
        """How much there is in a batch, e.g. {"tokens": 4096, "frames": 256}; logged as amounts a second.

        "model_flops", where given, is the arithmetic that the mathematics asks for in a step on this batch (forward
        and backward, without recomputation), and gives the model FLOPs utilisation. The compiler's own count is no
        substitute: it counts the body of a loop once.
        """
        ...

    def answering(self, params: Params) -> dict[str, Call]:
        """The programs, by name, that evaluation runs on all parameters; ahead-of-time compilation asks for them."""
        ...

    def evaluations(self) -> dict[str, Evaluation]:
        """What the model is judged by, by name."""
        ...


def evaluation_metric_names(task: Task) -> list[str]:
    """The figures of all evaluations, as "evaluation/figure"."""
    return [f"{name}/{figure}" for name, evaluation in task.evaluations().items() for figure in evaluation.figures]
