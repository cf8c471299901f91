"""Speed: seconds a step, amounts a second, model FLOPs utilisation, and the share of time lost to input."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import jax

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


class Meter:
    """Measures a window of steps; what happens within `paused` (saving, evaluation) is left out."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Begins a new window."""
        self._began, self._paused, self._starved, self._steps = time.perf_counter(), 0.0, 0.0, 0
        self._work: Counter[str] = Counter()

    def step(self, work: Mapping[str, float], starved: float) -> None:
        """Counts a step.

        Args:
          work: the task's amounts in this process's batch.
          starved: seconds in which the devices had nothing to do because the batch was not there.
        """
        self._steps += 1
        self._starved += starved
        self._work.update(work)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Within it, the clock stands still."""
        began = time.perf_counter()
        yield
        self._paused += time.perf_counter() - began

    def read(self) -> dict[str, float]:
        """Figures of the window since the last reading; begins the next one."""
        seconds = max(time.perf_counter() - self._began - self._paused, 1e-9)
        if not self._steps:
            return {}
        figures = {"seconds_per_step": seconds / self._steps, "input_wait": self._starved / seconds}
        processes, devices = jax.process_count(), jax.device_count()
        work = {name: amount * processes / seconds for name, amount in self._work.items()}
        flops = work.pop("model_flops", None)
        if flops is not None:
            figures["tflops_per_device"] = flops / devices / 1e12
            peak = peak_flops(jax.devices()[0].device_kind)
            if peak is not None:
                figures["mfu"] = flops / devices / peak
        figures |= {f"{name}_per_second": amount for name, amount in work.items()}
        self.restart()
        return figures
