"""The processes of a run: one a host of a pod, with the devices of that host; all go through the same program."""

import importlib.util
import json
import os
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from timesuite_jax.errors import UserError
from timesuite_jax.tpu_devices import has_tpu

# Named like those that JAX reads itself; for clusters that JAX does not detect, and for rehearsals.
COORDINATOR, COUNT, INDEX = _NAMED = ("JAX_COORDINATOR_ADDRESS", "JAX_NUM_PROCESSES", "JAX_PROCESS_ID")
# The training loop names a missing process; JAX's own heartbeat, which names none, expires after it.
_HEARTBEAT = 300
_Made = TypeVar("_Made")


def join_processes(timeout: int = 300) -> None:
    """Makes this process one of a run's, if there are to be several; call it before any device is used.

    On TPU pods (GCE and GKE, one slice or many), Slurm and Open MPI, JAX finds the others by itself. Elsewhere
    JAX_COORDINATOR_ADDRESS (host:port of process 0), JAX_NUM_PROCESSES and JAX_PROCESS_ID (from 0) name them.

    Args:
      timeout: seconds to wait for the others.

    Raises:
      UserError: some of these variables are missing or wrong, or the others cannot be reached.
    """
    if jax.distributed.is_initialized():
        return
    named = {name: os.environ[name] for name in _NAMED if os.environ.get(name)}
    if not named and not _in_a_cluster():
        return
    if named and (missing := [name for name in _NAMED if name not in named]):
        raise UserError(f"{', '.join(named)} is set but {', '.join(missing)} is not; set all three, or none")
    where: dict[str, Any] = {}
    if named:
        if not (named[COUNT].isdigit() and named[INDEX].isdigit() and int(named[INDEX]) < int(named[COUNT])):
            raise UserError(
                f"{INDEX}={named[INDEX]} of {COUNT}={named[COUNT]}: give the number of processes, and each its own "
                "index from 0"
            )
        if not named[COORDINATOR].rpartition(":")[2].isdigit():
            raise UserError(f"{COORDINATOR}={named[COORDINATOR]} has no port; write it as HOST:PORT")
        # No further detection: one machine may have many processes.
        where = {"cluster_detection_method": "deactivate", "coordinator_address": named[COORDINATOR]}
        where |= {"num_processes": int(named[COUNT]), "process_id": int(named[INDEX])}
    # The loop handles SIGTERM itself; JAX's handler would take the signal from it.
    jax.config.update("jax_enable_preemption_service", False)
    try:
        jax.distributed.initialize(initialization_timeout=timeout, heartbeat_timeout_seconds=_HEARTBEAT, **where)
    except (RuntimeError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise UserError(
            f"this process cannot join the others within {timeout} s: {reason}; check that all are started, can reach "
            "the first one, and have the same number of processes"
        ) from error


def _in_a_cluster() -> bool:
    """Whether JAX would find other processes by itself."""
    tasks = max(int(os.environ.get(name) or 1) for name in ("SLURM_NTASKS", "OMPI_COMM_WORLD_SIZE"))
    return tasks > 1 or (has_tpu() and importlib.util.find_spec("libtpu") is not None)


def allgather_strings(lines: Sequence[str]) -> list[str]:
    """Gathers strings from all processes, in the order of processes; returns the same list in all of them.

    All processes must call it at the same place, so it is a barrier too.
    """
    if jax.process_count() == 1:
        return list(lines)
    mine = np.frombuffer("\n".join(lines).encode(), np.uint8)
    lengths = multihost_utils.process_allgather(np.int32(len(mine)))
    table = multihost_utils.process_allgather(np.pad(mine, (0, int(lengths.max()) + 1 - len(mine))))
    texts = [bytes(row[:length]).decode() for row, length in zip(table, lengths, strict=True)]
    return [line for text in texts if text for line in text.split("\n")]


def run_on_all_processes(make: Callable[[], _Made]) -> _Made:
    """Returns what `make` returns, if it succeeds in all processes, which must call this at the same place.

    Raises:
      UserError: it failed in another process; with the reason.
    """
    made, error = None, None
    try:
        made = make()
    except Exception as caught:
        error = caught
    reasons = allgather_strings([json.dumps([jax.process_index(), str(error)])] if error else [])
    if error:
        raise error
    if reasons:
        index, reason = json.loads(reasons[0])
        raise UserError(f"process {index} has failed: {reason}")
    return cast(_Made, made)


class ProcessConsensus:
    """Makes all processes act at the same step on a condition that holds in one of them.

    No process waits: the conditions of a step travel beside the step itself and are known to all some steps later.

    Args:
      mesh: of the run.
      lag: how many steps later.
    """

    def __init__(self, mesh: Mesh, lag: int) -> None:
        self._mesh, self._lag = mesh, lag
        self._queue: deque[jax.Array] = deque()
        replicated = NamedSharding(mesh, PartitionSpec())
        self._reduce = jax.jit(lambda rows: jnp.any(rows, axis=0), out_shardings=replicated)

    def any(self, *conditions: bool) -> tuple[bool, ...]:
        """Whether each condition held in any process `lag` steps ago.

        A single process gets its own conditions at once. All processes must call it at every step, with the same number
        of conditions.
        """
        if jax.process_count() == 1:
            return conditions
        # A row for each device, filled by the process that it belongs to.
        rows = NamedSharding(self._mesh, PartitionSpec(self._mesh.axis_names))
        shape = (self._mesh.size, len(conditions))
        local = jax.make_array_from_callback(shape, rows, lambda _: np.array([conditions]))
        self._queue.append(self._reduce(local))
        self._queue[-1].copy_to_host_async()
        if len(self._queue) <= self._lag:
            return (False,) * len(conditions)
        return tuple(bool(condition) for condition in np.asarray(self._queue.popleft()))
