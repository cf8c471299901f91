"""Bars and histograms of reports, in HTML elements whose sizes are percentages, so that they fit any width."""

from collections.abc import Mapping, Sequence

import numpy as np

from timesuite_jax.evaluation.html_report.markup import Html, join, tag

_BINS = 10


def named_bars(values: Mapping[str, float], caption: str) -> Html:
    """Returns one bar for each name; the highest is full."""
    highest = max(values.values(), default=0.0) or 1.0
    bars = [[(value / highest, f"{name}: {value:.3g}")] for name, value in values.items()]
    return _figure(caption, list(values), bars)


def gauge(value: float | None, interval: Sequence[float | None] | None, highest: float) -> Html:
    """Returns a bar with a confidence interval.

    Args:
      value: of a metric; None if it is undefined.
      interval: its ends.
      highest: value of a full bar.
    """
    if value is None or value < 0:
        return Html()
    parts = [tag("i", style=f"width:{_share(value, highest):.1f}%")]
    if interval is not None and interval[0] is not None and interval[1] is not None:
        low, high = (_share(end, highest) for end in interval if end is not None)
        parts.append(tag("u", style=f"left:{low:.1f}%;width:{high - low:.1f}%"))
    return tag("div", *parts, class_="gauge")


def value_histogram(values: Sequence[float], caption: str) -> Html:
    """Returns a histogram of values from 0 to 1, which are finite."""
    counts = np.histogram(np.clip(values, 0.0, 1.0), bins=_BINS, range=(0.0, 1.0))[0]
    titles = [f"{number / _BINS:.1f} to {(number + 1) / _BINS:.1f}: {count}" for number, count in enumerate(counts)]
    ticks = [f"{number / _BINS:.1f}" for number in range(_BINS)]
    highest = float(counts.max()) or 1.0
    return _figure(caption, ticks, [[(count / highest, title)] for count, title in zip(counts, titles, strict=True)])


def paired_bars(
    answers: Mapping[str, float],
    truths: Mapping[str, float],
    caption: str,
    labels: tuple[str, str] = ("answers", "truth"),
) -> Html:
    """Returns bars of the same quantity in answers and truth, by name; the highest is full."""
    names = list(dict.fromkeys((*answers, *truths)))
    highest = max((*answers.values(), *truths.values()), default=0.0) or 1.0
    groups = [
        [
            (answers.get(name, 0.0) / highest, f"{name}: {answers.get(name, 0.0):.3g} ({labels[0]})"),
            (truths.get(name, 0.0) / highest, f"{name}: {truths.get(name, 0.0):.3g} ({labels[1]})"),
        ]
        for name in names
    ]
    key = join((tag("span", labels[0], class_="key"), tag("span", labels[1], class_="key truth")))
    return _figure(caption, names, groups, key)


def _figure(
    caption: str, ticks: Sequence[str], groups: Sequence[Sequence[tuple[float, str]]], key: Html | None = None
) -> Html:
    columns = (
        tag(
            "div",
            *(
                tag("i", style=f"height:{100 * share:.1f}%", title=title, class_="truth" if number else "answer")
                for number, (share, title) in enumerate(bars)
            ),
        )
        for bars in groups
    )
    return tag(
        "figure",
        tag("figcaption", caption),
        tag("div", *columns, class_="bars"),
        tag("div", *(tag("span", tick) for tick in ticks), class_="ticks"),
        *([key] if key else []),
    )


def _share(value: float, highest: float) -> float:
    return 100 * min(max(value / highest, 0.0), 1.0)
