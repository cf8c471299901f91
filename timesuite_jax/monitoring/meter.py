"""Throughput: seconds per step, counts per second, model FLOPs utilisation, time lost to input; peak memory."""

import resource
import sys
from collections import Counter
from collections.abc import Mapping

import jax

from timesuite_jax.monitoring.goodput import Goodput

# Peak dense bf16 FLOP/s of one device, from the vendors' data sheets, by the name that JAX gives the device.
PEAK_FLOPS = {
    "TPU v4": 275e12,
    "TPU v5 lite": 197e12,
    "TPU v5": 459e12,
    "TPU v6 lite": 918e12,
    "TPU7x": 2307e12 / 2,  # the data sheet is per chip, whose two cores are JAX devices
    "NVIDIA A100": 312e12,
    "NVIDIA H100": 989e12,
    "NVIDIA H200": 989e12,
}


def peak_flops(device_kind: str) -> float | None:
    """Peak FLOP/s of a device, or None where it is unknown, as for CPUs."""
    matches = [name for name in PEAK_FLOPS if device_kind == name or device_kind.startswith(f"{name} ")]
    matches = matches or [name for name in PEAK_FLOPS if name.startswith("NVIDIA") and device_kind.startswith(name)]
    return PEAK_FLOPS[max(matches, key=len)] if matches else None


def peak_memory_gib() -> float:
    """Peak memory of this process's devices so far, in GiB; on a CPU, of the process itself."""
    peaks = [stats["peak_bytes_in_use"] for device in jax.local_devices() if (stats := device.memory_stats())]
    if peaks:
        return max(peaks) / 2**30
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30


class Meter:
    """Measures a window of steps, without other phases between them (compilation, saving, evaluation).

    Args:
      goodput: measures the seconds of steps.
      shards: number of equal process shards that a batch consists of.
    """

    def __init__(self, goodput: Goodput, shards: int) -> None:
        self._goodput, self._shards = goodput, shards
        self.restart()

    def restart(self) -> None:
        """Starts a new window."""
        self._began, self._starved, self._steps = self._goodput.step_seconds(), 0.0, 0
        self._counts: Counter[str] = Counter()

    def step(self, counts: Mapping[str, float], starved: float) -> None:
        """Counts a step.

        Args:
          counts: the task's `throughput_counts` of this process's rows.
          starved: seconds that the devices were idle because the batch was not there.
        """
        self._steps += 1
        self._starved += starved
        self._counts.update(counts)

    def read(self) -> dict[str, float]:
        """Metrics of the window; starts the next one."""
        seconds = max(self._goodput.step_seconds() - self._began, 1e-9)
        if not self._steps:
            return {}
        metrics = {"seconds_per_step": seconds / self._steps, "input_wait": self._starved / seconds}
        rates = {name: count * self._shards / seconds for name, count in self._counts.items()}
        flops, devices = rates.pop("model_flops", None), jax.device_count()
        if flops is not None:
            metrics["tflops_per_device"] = flops / devices / 1e12
            peak = peak_flops(jax.devices()[0].device_kind)
            if peak is not None:
                metrics["mfu"] = flops / devices / peak
        metrics |= {f"{name}_per_second": rate for name, rate in rates.items()}
        metrics |= {"peak_memory_gib": peak_memory_gib(), **self._goodput.metrics()}
        self.restart()
        return metrics
