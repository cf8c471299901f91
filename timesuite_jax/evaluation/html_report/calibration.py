"""The section of a report about confidences: how far they can be trusted."""

from collections.abc import Mapping
from typing import Any

from timesuite_jax.evaluation.html_report.charts import named_bars, paired_bars
from timesuite_jax.evaluation.html_report.markup import Html, table, tag

_OF = {"happens": "that the event happens", "confidences": "that the first span is right (IoU 0.5)"}
_NAMES = {
    "auroc": "AUROC",
    "ece_as_answered": "expected calibration error, as answered",
    "ece": "expected calibration error, with a temperature fitted on the other half of the videos",
    "temperature": "temperature, fitted on all",
}


def calibration_section(content: Mapping[str, Any]) -> Html:
    """Returns calibration errors, reliability and the risk-coverage curve; empty where answers have no confidence.

    Args:
      content: of the result file.
    """
    report = content.get("calibration")
    if report is None:
        return Html()
    rows = [(text, f"{report[name]:.3f}") for name, text in _NAMES.items() if report.get(name) is not None]
    charts = []
    if risk := report.get("risk_at_coverage"):
        caption = f"risk and coverage: wrong among the surest answers (highest: {max(risk.values()):.1%})"
        charts.append(named_bars(risk, caption))
    if reliability := report.get("reliability"):
        means, frequencies = (
            {name: part[value] for name, part in reliability.items()} for value in ("probability", "frequency")
        )
        charts.append(
            paired_bars(
                means,
                frequencies,
                "reliability: mean probability, and how often it is true",
                ("probability", "frequency"),
            )
        )
    title = f"Probability {_OF[report['of']]}"
    heading = tag("h3", f"{title}, of {report['n']} answers")
    body = (heading, table(("measure", "value"), rows, class_="numbers"), tag("div", *charts, class_="charts"))
    return tag("section", tag("h2", "Confidence"), *body)
