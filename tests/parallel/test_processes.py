"""How a process learns from its environment that it is one of several, and errors where that is incomplete."""

import jax
import pytest

from timesuite_jax import parallel
from timesuite_jax.errors import UserError

NAMES = ("JAX_COORDINATOR_ADDRESS", "JAX_NUM_PROCESSES", "JAX_PROCESS_ID", "SLURM_NTASKS", "OMPI_COMM_WORLD_SIZE")


@pytest.fixture
def set_variables(monkeypatch):
    """Sets the variables, all others of them unset."""

    def set_all(**variables: str) -> None:
        for name in NAMES:
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return set_all


@pytest.mark.parametrize("variables", [{}, {"SLURM_NTASKS": "1"}, dict.fromkeys(NAMES, "")])
def test_a_process_alone_joins_no_others(set_variables, variables, monkeypatch):
    set_variables(**variables)
    monkeypatch.setattr("pathlib.Path.glob", lambda *_: iter(()))  # on a machine without TPUs
    parallel.join_processes()
    assert not jax.distributed.is_initialized()


@pytest.mark.parametrize(
    ("coordinator", "count", "index", "problem"),
    [
        (
            "host:1",
            "",
            "0",
            "JAX_COORDINATOR_ADDRESS, JAX_PROCESS_ID is set but JAX_NUM_PROCESSES is not; set all three",
        ),
        ("host:1", "2", "2", "JAX_PROCESS_ID=2 of JAX_NUM_PROCESSES=2: give the number of processes, and each its own"),
        ("host:1", "two", "0", "JAX_PROCESS_ID=0 of JAX_NUM_PROCESSES=two: give the number"),
        ("host:1", "2", "-1", "JAX_PROCESS_ID=-1 of JAX_NUM_PROCESSES=2: give the number"),
        ("host", "2", "0", "JAX_COORDINATOR_ADDRESS=host has no port; write it as HOST:PORT"),
        ("host:", "2", "0", "JAX_COORDINATOR_ADDRESS=host: has no port"),
    ],
)
def test_mistakes_are_named(set_variables, coordinator, count, index, problem):
    set_variables(JAX_COORDINATOR_ADDRESS=coordinator, JAX_NUM_PROCESSES=count, JAX_PROCESS_ID=index)
    with pytest.raises(UserError, match=problem):
        parallel.join_processes()
