"""The report of a program compiled ahead of time, as tables and as JSON."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from timesuite_jax.hlo import Collectives, Memory


@dataclasses.dataclass(frozen=True)
class AotReport:
    """One compiled program; all amounts are of one device and one run of it."""

    program: str  # "train", or a name of the task's `evaluation_programs`
    topology: str
    mesh: dict[str, int]
    memory: Memory
    flops: float | None  # of matrix products and kernels; None if the program did not fit and so was not compiled
    model_flops: float | None  # that the mathematics requires; None where the task does not give them
    peak_flops: float | None  # of the device, per second
    collectives: tuple[Collectives, ...]
    notes: tuple[str, ...]  # what the counts leave out
    lower_seconds: float
    compile_seconds: float
    compile_cpu_seconds: float

    @property
    def flops_ratio(self) -> float | None:
        """Compiled over model FLOPs: the cost of recomputation and duplication."""
        return self.flops / self.model_flops if self.flops and self.model_flops else None

    @property
    def mfu_bound(self) -> float | None:
        """Upper bound of the model FLOPs utilisation: all time is spent on arithmetic, recomputation included."""
        return 1 / self.flops_ratio if self.flops_ratio else None

    @property
    def lower_bound_seconds(self) -> float | None:
        """Lower-bound step time: the compiled FLOPs at the device's peak."""
        return self.flops / self.peak_flops if self.flops and self.peak_flops else None

    def as_json(self) -> dict[str, Any]:
        """All fields and derived values, in bytes, FLOPs and seconds."""
        derived = {
            "fits": self.memory.fits,
            "temporaries": self.memory.temporaries,
            "flops_ratio": self.flops_ratio,
            "mfu_bound": self.mfu_bound,
            "lower_bound_seconds": self.lower_bound_seconds,
        }
        return {**dataclasses.asdict(self), **derived}


def print_reports(reports: Sequence[AotReport]) -> None:
    """Prints a table of the programs and one of their collectives."""
    console = Console()
    first = reports[0]
    axes = ", ".join(f"{axis} {size}" for axis, size in first.mesh.items())
    table = Table(title=f"one device of {first.topology} (mesh: {axes})")
    table.add_column("")
    for report in reports:
        table.add_column(report.program, justify="right")
    for name, cells in _rows(reports).items():
        table.add_row(name, *cells)
    console.print(table)

    collectives = Table(title="collectives: bytes that one device receives in a run of the program")
    for name in ("program", "collective", "mesh axis"):
        collectives.add_column(name)
    for name in ("count", "MiB", "overlapped with compute"):
        collectives.add_column(name, justify="right")
    for report in reports:
        for entry in report.collectives:
            overlapped = f"{entry.overlapped_bytes / entry.bytes:.0%}"
            size = f"{entry.bytes / 2**20:,.1f}"
            collectives.add_row(report.program, entry.kind, entry.axes, f"{entry.count:,}", size, overlapped)
    if collectives.row_count:
        console.print(collectives)
    for note in dict.fromkeys(note for report in reports for note in report.notes):
        console.print(f"note: {note}", markup=False)


def _rows(reports: Sequence[AotReport]) -> dict[str, list[str]]:
    def gib(value: float) -> str:
        return f"{value / 2**30:.2f} GiB"

    def tera(value: float | None) -> str:
        return "-" if value is None else f"{value / 1e12:.3f} T"

    def fits(memory: Memory) -> str:
        return "yes" if memory.fits else f"no, by {gib(memory.peak - memory.hbm_limit)}"

    def ratio(value: float | None) -> str:
        return "-" if value is None else f"{value:.3f}"

    def percent(value: float | None) -> str:
        return "-" if value is None else f"{value:.1%}"

    def lower_bound(value: float | None) -> str:
        return "-" if value is None else f"{value:.3g} s"

    def seconds(report: AotReport) -> str:
        return f"{report.compile_seconds:.0f} s ({report.compile_cpu_seconds:.0f} s of CPU)"

    return {
        "arguments": [gib(report.memory.arguments) for report in reports],
        "temporaries": [gib(report.memory.temporaries) for report in reports],
        "peak": [gib(report.memory.peak) for report in reports],
        "HBM limit": [gib(report.memory.hbm_limit) for report in reports],
        "fits": [fits(report.memory) for report in reports],
        "compiled FLOPs": [tera(report.flops) for report in reports],
        "model FLOPs": [tera(report.model_flops) for report in reports],
        "compiled / model": [ratio(report.flops_ratio) for report in reports],
        "MFU upper bound": [percent(report.mfu_bound) for report in reports],
        "lower-bound step time": [lower_bound(report.lower_bound_seconds) for report in reports],
        "compile time": [seconds(report) for report in reports],
    }
