"""The sections of a report: scores, histograms, parts, what is missing, settings."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from timesuite_jax.evaluation.html_report.charts import gauge, paired_bars, value_histogram
from timesuite_jax.evaluation.html_report.markup import Html, join, table, tag

Content = Mapping[str, Any]  # of `Result.as_json`
_LISTED = 200  # missing videos, and dropped examples
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def scores_section(content: Content, metrics: Mapping[str, float | None], main: str) -> Html:
    """Returns the metrics with their intervals.

    Args:
      content: of the result file.
      metrics: by the names that they have in it.
      main: the one that is shown large.
    """
    intervals, over = content["intervals_95"], content["intervals_over"]
    interval = intervals.get(main)
    between = f"95 % interval {_number(interval[0])} to {_number(interval[1])}" if interval else "no interval"
    count = f"over {over['count']} {over['unit']}"
    hero = tag(
        "div",
        tag("b", _number(metrics[main])),
        tag("span", main),
        tag("span", f"{between} {count}", class_="soft"),
        class_="hero",
    )
    rows = [
        (
            _name(name),
            _number(value),
            _interval(intervals.get(name)),
            gauge(value, intervals.get(name), max(1.0, value or 0.0)),
        )
        for name, value in metrics.items()
    ]
    return tag("section", tag("h2", "Scores"), hero, table(("metric", "value", f"95 % interval {count}", ""), rows))


def histogram_section(content: Content, metric: str) -> Html:
    """Returns histograms of the main metric by question, of round numbers, and of the options that were chosen."""
    examples = content["examples"]
    values = [one["scores"][metric] for one in examples if one["scores"].get(metric) is not None]
    charts = [value_histogram(values, f"questions by {metric}")] if values else []
    if round_numbers := content.get("round_numbers"):
        truth = content.get("round_numbers_of_truth", {})
        charts.append(paired_bars(_by_step(round_numbers), _by_step(truth), "starts and ends that are multiples of"))
    options = [
        (one["prediction"]["chosen"], one["prediction"].get("truth"))
        for one in examples
        if "chosen" in one["prediction"]
    ]
    if options:
        chosen = _counts([choice for choices, _ in options for choice in choices])
        charts.append(paired_bars(chosen, _counts([truth for _, truth in options]), "questions by option"))
    return tag("section", tag("h2", "Histograms"), tag("div", *charts, class_="charts")) if charts else Html()


def breakdown_section(content: Content, main: str) -> Html:
    """Returns the metrics by length of the video, and length and position of the true windows."""
    parts = []
    for attribute, bins in content.get("breakdown", {}).items():
        names = [name for name in dict.fromkeys(name for means in bins.values() for name in means) if name != "n"]
        names.sort(key=lambda name: name != main)
        rows = [(name, *(_number(means[name]) if name in means else "" for means in bins.values())) for name in names]
        head = [f"{bin} (n = {means['n']})" for bin, means in bins.items()]
        parts.append(tag("h3", f"by {attribute.replace('_', ' ')}"))
        if attribute == "category":  # dozens: a row each
            head = ["n", *names]
            rows = [
                (bin, means["n"], *(_number(means[name]) if name in means else "" for name in names))
                for bin, means in bins.items()
            ]
        parts.append(table((attribute if attribute == "category" else "metric", *head), rows, class_="numbers"))
    return tag("section", tag("h2", "Parts"), *parts) if parts else Html()


def missing_section(content: Content) -> Html:
    """Returns missing videos, dropped questions and wrong rows; empty if there are none."""
    lists = {
        "missing videos": content.get("names_of_missing_videos", ()),
        "questions that are not scored": [f"{id}: {reason}" for id, reason in content["dropped_examples"].items()],
        "kinds of wrong rows in the annotation files": [
            reason for reason in content.get("reasons_of_unreadable_rows", "").split("; ") if reason
        ],
    }
    parts = [_listed(title, entries) for title, entries in lists.items() if entries]
    return tag("section", tag("h2", "What is missing"), *parts) if parts else Html()


def settings_section(content: Content) -> Html:
    """Returns everything that decides the scores."""
    rows = []
    for name, value in content["settings"].items():
        if isinstance(value, dict) and value:
            rows += [(f"{name}.{key}", _text(each)) for key, each in value.items()]
        else:
            rows.append((name, _text(value)))
    return tag("section", tag("h2", "Settings"), table(("setting", "value"), rows, class_="settings"))


def _listed(title: str, entries: Sequence[str]) -> Html:
    more = [tag("li", f"and {len(entries) - _LISTED} more")] if len(entries) > _LISTED else []
    shown = tag("ul", *(tag("li", entry) for entry in entries[:_LISTED]), *more)
    return tag("details", tag("summary", f"{len(entries)} {title}"), shown)


def _by_step(fractions: Mapping[str, float]) -> dict[str, float]:
    return {f"{name.removeprefix('multiples_of_')} s": value for name, value in fractions.items()}


def _counts(options: Sequence[int | None]) -> dict[str, float]:
    known = sorted(option for option in options if option is not None)
    return {_LETTERS[option % len(_LETTERS)]: float(known.count(option)) for option in dict.fromkeys(known)}


def _name(metric: str) -> Html:
    """The name of a metric, and in small type what it is over if that is less than usual."""
    name, _, coverage = metric.partition(" (")
    return join((name, " ", tag("small", f"({coverage}"))) if coverage else join((name,))


def _interval(interval: Sequence[float | None] | None) -> str:
    return f"{_number(interval[0])} to {_number(interval[1])}" if interval else ""


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def facts(content: Content) -> Html:
    """Returns the counts and the most important settings, as labels."""
    settings, missing = content["settings"], content.get("missing_videos", 0)
    known = {name: settings[name] for name in ("benchmark", "protocol", "platform") if settings.get(name)}
    labels = [tag("span", f"{name}: {value}") for name, value in known.items()]
    labels.append(tag("span", f"{int(content['n'])} questions scored"))
    if settings.get("weights"):
        labels.append(tag("span", f"weights {str(settings['weights'])[:12]}"))
    if content["dropped"]:
        labels.append(tag("span", f"{int(content['dropped'])} not scored", class_="warning"))
    if missing:
        labels.append(tag("span", f"{missing} videos missing", class_="warning"))
    return tag("div", join(labels), class_="facts")
