"""Writes the page of a report."""

import html
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from timesuite_jax.evaluation.html_report.calibration import calibration_section
from timesuite_jax.evaluation.html_report.cards import ReportCard, card_html
from timesuite_jax.evaluation.html_report.markup import Html, join, tag
from timesuite_jax.evaluation.html_report.sections import (
    breakdown_section,
    facts,
    histogram_section,
    missing_section,
    scores_section,
    settings_section,
)
from timesuite_jax.evaluation.html_report.style import STYLE
from timesuite_jax.evaluation.main_metric import main_metric
from timesuite_jax.evaluation.result import COUNTS, Result
from timesuite_jax.storage.atomic_write import atomic_write
from timesuite_jax.storage.write_errors import explain_write_errors

# The browser loads nothing from elsewhere and runs no script, whatever a text contains.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def write_report(
    result: Result[Any], title: str, worst: Sequence[ReportCard], best: Sequence[ReportCard], folder: Path
) -> Path:
    """Writes `index.html` and returns its path.

    Args:
      result: what is reported.
      title: of the page.
      worst: examples with the lowest values of the main metric.
      best: examples with the highest ones.
      folder: created if it does not exist.

    Raises:
      UserError: the file cannot be written.
    """
    content = result.as_json()
    metrics = {result.shown_name(name): value for name, value in result.metrics().items() if name not in COUNTS}
    shown = {name: content[name] for name in metrics}
    main = main_metric(result.scores.metrics())
    sections = [
        scores_section(content, shown, result.shown_name(main)),
        histogram_section(content, main),
        calibration_section(content),
        breakdown_section(content, main),
        _examples("Worst examples", worst),
        _examples("Best examples", best),
        missing_section(content),
        settings_section(content),
    ]
    body = tag("main", tag("header", tag("h1", title), facts(content)), *sections)
    path = folder / "index.html"
    with explain_write_errors(folder, "folder"):
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as partial:
            partial.write_text(_document(title, body), encoding="utf-8", errors="replace")
    return path


def _examples(heading: str, cards: Sequence[ReportCard]) -> Html:
    return tag("section", tag("h2", heading), join(card_html(card) for card in cards)) if cards else Html()


def _document(title: str, body: Html) -> str:
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{html.escape(_POLICY)}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{html.escape(title)}</title>'
        f"<style>{STYLE}</style></head><body>{body}</body></html>\n"
    )
