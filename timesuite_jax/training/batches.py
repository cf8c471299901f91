"""The batches of a run: this process's rows from its stream to its devices."""

from typing import Any

from jaxtyping import Array, Shaped

from timesuite_jax import parallel
from timesuite_jax.checkpoints.best import check_metric
from timesuite_jax.errors import UserError
from timesuite_jax.training.config import TrainingSpec
from timesuite_jax.training.program import Program
from timesuite_jax.training.task import Batch, DataStream, Task, evaluation_metric_names


class Batches:
    """Reads, checks and places batches.

    Args:
      task: whose training data are read.
      spec: of the run.
      program: gives the mesh.

    Attributes:
      stream: of this process.
      position: of the stream after the last batch that was trained on, to be saved.
      mesh: of the run.
      sharding: of a batch's rows.
      shards: number of process shards that a batch consists of.

    Raises:
      UserError: if any process cannot read its data, or `training.best` names no metric of the evaluations.
    """

    stream: DataStream

    def __init__(self, task: Task, spec: TrainingSpec, program: Program) -> None:
        self._spec = spec
        self.mesh = program.mesh
        self.sharding = parallel.batch_sharding(program.mesh, program.rules)
        shard = parallel.process_shard(self.sharding)
        self.shards = shard.count
        self._shapes: set[tuple[tuple[int, ...], ...]] = set()

        def open_stream() -> DataStream:
            check_metric(spec.best, evaluation_metric_names(task))
            multiple = parallel.batch_multiple(self.sharding, spec.accumulate)
            return task.train_data(
                seed=spec.seed, process_index=shard.index, process_count=shard.count, row_multiple=multiple
            )

        self.stream = parallel.run_on_all_processes(open_stream)
        self.position = self.stream.get_state()

    def resume(self, position: dict[str, Any]) -> None:
        """Moves to a saved position."""
        self.stream.set_state(position)
        self.position = self.stream.get_state()

    def read(self, step: int) -> Batch:
        """This process's rows of the batch after `step` finished steps.

        Raises:
          UserError: if the data have ended, or the rows do not divide by devices and microbatches.
        """
        try:
            batch = next(self.stream)
        except StopIteration:
            raise UserError(
                f"the training data ended after {step} of {self._spec.total_steps} steps; "
                "let it repeat or lower training.total_steps"
            ) from None
        parallel.check_batch(batch, self.sharding, self._spec.accumulate, self.shards)
        return batch

    def put(self, batch: Batch) -> dict[str, Shaped[Array, "B_global ..."]]:
        """Moves rows to this process's devices; returns the global arrays, asynchronously."""
        return parallel.put_batch(batch, self.sharding)

    def has_new_shape(self, arrays: dict[str, Shaped[Array, "B ..."]]) -> bool:
        """Whether arrays have other shapes than all before them, so that the step must be compiled again."""
        shapes = tuple(array.shape for _, array in sorted(arrays.items()))
        new = bool(self._shapes) and shapes not in self._shapes
        self._shapes.add(shapes)
        return new

    def trained(self) -> None:
        """Records that the step on the last batch has been dispatched: a checkpoint resumes after that batch."""
        self.position = self.stream.get_state()

    def close(self) -> None:
        """Ends the stream's threads and worker processes."""
        self.stream.close()
