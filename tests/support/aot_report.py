"""A made-up report of a compiled training step."""

from collections.abc import Sequence

from timesuite_jax.aot.report import AotReport
from timesuite_jax.hlo import Collectives, Memory


def aot_report(*, fits: bool, collectives: Sequence[Collectives] = ()) -> AotReport:
    """Of a program that needs 3.5 GiB of 4 or 3, with FLOPs a half more than the model's, known if it fits."""
    return AotReport(
        program="train",
        topology="v5e:1x1",
        mesh={"data": 1},
        memory=Memory(arguments=2**30, peak=3.5 * 2**30, hbm_limit=(4 if fits else 3) * 2**30),
        flops=3e12 if fits else None,
        model_flops=2e12,
        peak_flops=2e12,
        collectives=tuple(collectives),
        notes=(),
        lower_seconds=1,
        compile_seconds=60,
        compile_cpu_seconds=90,
    )
