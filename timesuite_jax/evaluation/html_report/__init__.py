"""`timesuite evaluate --report`: a result as one HTML file without scripts, fonts or links to anything else."""

from timesuite_jax.evaluation.html_report.cards import Lane, ReportCard
from timesuite_jax.evaluation.html_report.extremes import extreme_examples
from timesuite_jax.evaluation.html_report.page import write_report

__all__ = ["Lane", "ReportCard", "extreme_examples", "write_report"]
