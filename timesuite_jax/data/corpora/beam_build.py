"""Writes the shards of a corpus on Apache Beam: on this machine, or on Dataflow, Flink or Spark.

An element of the pipeline is a shard, so that no video travels between machines: a worker reads the videos of a shard,
writes its file, and notes it as complete, with the same functions as a build without Beam. The machine that starts the
pipeline plans the shards and writes the manifest.
"""

import importlib
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from etils import epath

from timesuite_jax.data.corpora.beam_errors import explain_beam_errors, parse_options
from timesuite_jax.data.corpora.build_plan import ShardPlan
from timesuite_jax.data.corpora.build_state import note_finished
from timesuite_jax.data.corpora.build_video import VideoBuilder
from timesuite_jax.data.corpora.record import example_class
from timesuite_jax.data.corpora.shard import write_shard
from timesuite_jax.data.corpora.worker_pool import WorkerPool
from timesuite_jax.errors import UserError
from timesuite_jax.storage.remote_path import to_path

DIRECT = "DirectRunner"
RUNNERS = (DIRECT, "DataflowRunner", "FlinkRunner", "SparkRunner")


@dataclass(frozen=True)
class BeamRunner:
    """Where a pipeline runs.

    Attributes:
      name: of the runner, one of `RUNNERS`.
      options: of the pipeline, as Beam's command line has them: ("--project=p", "--region=r").
    """

    name: str = DIRECT
    options: tuple[str, ...] = ()


class WriteShard:
    """Writes one shard; the function of the pipeline, which is sent to its workers.

    Args:
      folder: of the corpus.
      build: builds the records of videos.
    """

    def __init__(self, folder: epath.PathLike, build: VideoBuilder) -> None:
        self._folder, self._build = str(folder), build

    def __call__(self, shard: ShardPlan) -> str:
        """Writes a shard, notes it as complete, and returns its name."""
        folder = to_path(self._folder)
        example_class()
        # One process more, which may hang or crash instead of the worker.
        with WorkerPool(self._build.build, 1, self._build.time_limit) as pool:
            note_finished(folder, write_shard(folder / shard.name, self._build.build_all(shard.videos, pool.map)))
        return shard.name


def write_shards_on_beam(
    folder: epath.Path, shards: Sequence[ShardPlan], build: VideoBuilder, runner: BeamRunner, workers: int
) -> None:
    """Runs a pipeline that writes shards, and waits for it.

    Args:
      folder: of the corpus; in a bucket or a shared folder, if the pipeline runs elsewhere.
      shards: to write.
      build: builds the records of videos.
      runner: where the pipeline runs.
      workers: number of processes of the DirectRunner.

    Raises:
      UserError: Beam is not installed, does not know an option, or cannot run the pipeline; or a worker cannot write.
    """
    if not importlib.util.find_spec("apache_beam"):
        raise UserError(
            f"--runner {runner.name} needs Apache Beam, which is not installed; pip install 'timesuite_jax[prep]', or "
            "leave --runner out to build with the processes of this machine"
        )
    beam: Any = importlib.import_module("apache_beam")
    options = _options(runner, workers)
    with explain_beam_errors(runner.name), beam.Pipeline(options=options) as pipeline:
        elements = pipeline | beam.Create(list(shards)) | beam.Reshuffle()
        _ = elements | beam.Map(WriteShard(folder, build))


def _options(runner: BeamRunner, workers: int) -> Any:
    beam_options: Any = importlib.import_module("apache_beam.options.pipeline_options")
    direct = [f"--direct_num_workers={workers}", "--direct_running_mode=multi_processing"]
    words = [f"--runner={runner.name}", *(direct if runner.name == DIRECT else []), *runner.options]
    return parse_options(beam_options, words)
