"""Compiler options by platform."""

from typing import Any

_OPTIONS: dict[str, dict[str, Any]] = {
    # By default XLA schedules a CPU program for concurrency, which keeps more buffers alive: 250 instead of 140 MiB in
    # a step of benchmarks/step_speed.py, and no faster, since one matrix product uses all cores.
    "cpu": {"xla_cpu_scheduler_type": "CPU_SCHEDULER_TYPE_MEMORY_OPTIMIZED"},
}


def compiler_options(platform: str) -> dict[str, Any]:
    """Options for `jax.jit(..., compiler_options=)`.

    Args:
      platform: of the devices that will run the program, as `jax.Device.platform` names it.
    """
    return dict(_OPTIONS.get(platform, {}))
