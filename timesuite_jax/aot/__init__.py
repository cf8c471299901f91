"""Compiles a training step or an evaluation ahead of time for an absent TPU topology, and reports what it takes."""

from timesuite_jax.aot.plan import AheadOfTime, make_plan
from timesuite_jax.aot.report import AotReport, print_reports

__all__ = ["AheadOfTime", "AotReport", "make_plan", "print_reports"]
