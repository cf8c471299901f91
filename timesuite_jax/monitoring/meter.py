"""Speed: seconds a step, amounts a second, model FLOPs utilisation, the share of time lost to input; memory."""

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
    "TPU7x": 2307e12 / 2,  # the sheet counts a chip; JAX shows its two cores as devices
    "NVIDIA A100": 312e12,
    "NVIDIA H100": 989e12,
    "NVIDIA H200": 989e12,
}


def peak_flops(device_kind: str) -> float | None:
    """Peak of a device, or None where it is unknown (a CPU has no such figure worth dividing by)."""
    matches = [name for name in PEAK_FLOPS if device_kind == name or device_kind.startswith(f"{name} ")]
    matches = matches or [name for name in PEAK_FLOPS if name.startswith("NVIDIA") and device_kind.startswith(name)]
    return PEAK_FLOPS[max(matches, key=len)] if matches else None


def peak_memory_gib() -> float:
    """The most that one of this process's devices has held so far, in GiB; on a CPU, the most of the process itself."""
    peaks = [stats["peak_bytes_in_use"] for device in jax.local_devices() if (stats := device.memory_stats())]
    if peaks:
        return max(peaks) / 2**30
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30


class Meter:
    """Measures a window of steps; what else is done between them (compiling, saving, evaluation) is left out.

    Args:
      goodput: tells apart what the time went into.
      parts: of equal size, of which this process has one of every batch.
    """

    def __init__(self, goodput: Goodput, parts: int) -> None:
        self._goodput, self._parts = goodput, parts
        self.restart()

    def restart(self) -> None:
        """Begins a new window."""
        self._began, self._starved, self._steps = self._goodput.step_seconds(), 0.0, 0
        self._work: Counter[str] = Counter()

    def step(self, work: Mapping[str, float], starved: float) -> None:
        """Counts a step.

        Args:
          work: the task's amounts in this process's part of the batch.
          starved: seconds in which the devices had nothing to do because the batch was not there.
        """
        self._steps += 1
        self._starved += starved
        self._work.update(work)

    def read(self) -> dict[str, float]:
        """Figures of the window since the last reading; begins the next one."""
        seconds = max(self._goodput.step_seconds() - self._began, 1e-9)
        if not self._steps:
            return {}
        figures = {"seconds_per_step": seconds / self._steps, "input_wait": self._starved / seconds}
        work = {name: amount * self._parts / seconds for name, amount in self._work.items()}
        flops, devices = work.pop("model_flops", None), jax.device_count()
        if flops is not None:
            figures["tflops_per_device"] = flops / devices / 1e12
            peak = peak_flops(jax.devices()[0].device_kind)
            if peak is not None:
                figures["mfu"] = flops / devices / peak
        figures |= {f"{name}_per_second": amount for name, amount in work.items()}
        figures |= {"peak_memory_gib": peak_memory_gib(), **self._goodput.figures()}
        self.restart()
        return figures
