"""Prints what became of the samples of training."""

from typing import TYPE_CHECKING

from timesuite_jax.counted import counted

if TYPE_CHECKING:
    from timesuite_jax.training import DataReport


def print_data_report(data: "DataReport") -> None:
    """Prints, by corpus, the samples that were dropped, with examples, and those that were truncated."""
    for corpus, report in data.items():
        if report["dropped"]:
            print(f"{corpus}: {counted(report['dropped'], 'sample')} dropped, {report['used']} used, for example:")
            for sample, reason in list(report["reasons"].items())[:3]:
                print(f"  {sample} {reason}")
        if report["cuts"]:
            cuts = ", ".join(f"{what} {count}" for what, count in sorted(report["cuts"].items()))
            print(f"{corpus}: of {counted(report['used'], 'sample')} used, these were truncated to fit: {cuts}")
