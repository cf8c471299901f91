"""A comparison on the terminal."""

import json
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

from timesuite_jax.counted import counted
from timesuite_jax.evaluation.comparison.compare import Comparison
from timesuite_jax.evaluation.comparison.metrics import MetricComparison

_ANSWER = 160  # characters of an answer that are printed
_PARTS = {
    "questions": "from other questions",
    "answers": "from other answers to the same questions",
    "reading": "from the same answers, read or scored differently",
}


def print_comparison(found: Comparison) -> None:
    """Prints causes, metrics with their tests, and the examples that changed most."""
    console = Console()

    def line(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    line(f"A: {found.a.path}")
    line(f"B: {found.b.path}")
    line("")
    for text in _summary(found):
        line(text)
    line("")
    if found.causes:
        line("Why, the most important first:")
        for number, cause in enumerate(found.causes, 1):
            line(f"  {number}. {cause.sentence}")
    else:
        line("Nothing that decides a score differs between what both results record.")
    for name, unknown in zip("AB", found.not_recorded, strict=True):
        if unknown:
            line(f"Not recorded in {name}: {', '.join(unknown)}")
    console.print(_metrics(found))
    if found.changed:
        line(f"Largest changes of {found.metric}:")
    for one in found.changed:
        line(f"  {one.id}: {_value(one.a)} -> {_value(one.b)}  {_short(one.question)}")
        line(f"    A: {_short(one.answer_a)}")
        line(f"    B: {_short(one.answer_b)}")


def _summary(found: Comparison) -> Iterator[str]:
    main = found.metrics[found.metric]
    yield f"{found.metric} is {main.a:.3f} in A and {main.b:.3f} in B, a difference of {main.b - main.a:+.3f}"
    for name, value in found.parts.items():
        if abs(value) > 5e-7:
            yield f"  {value:+.3f} {_PARTS[name]}"
    pairing = found.pairing
    differ = found.evidence.consequences.get("answers_differ", 0)
    yield (
        f"{counted(len(pairing.pairs), 'question')} in both results, {len(pairing.only_a)} only in A, "
        f"{len(pairing.only_b)} only in B; {counted(differ, 'answer')} of those in both differ"
    )
    if main.paired is not None:
        one = main.paired
        yield (
            f"On the questions in both: {one.difference:+.3f}, 95 % interval {one.low:+.3f} to {one.high:+.3f} over "
            f"{one.clusters} {found.a.unit}, p = {one.p_value:.3g} (paired permutation test)"
        )
    else:
        yield "There is no paired test: values of each question are not recorded in both results, or none is in both."


def _metrics(found: Comparison) -> Table:
    table = Table(title="B - A on the questions in both; standard errors are clustered")
    for name in ("metric", "A", "B", "difference", "95 % interval", "p"):
        table.add_column(name, justify="left" if name == "metric" else "right")
    for name, each in found.metrics.items():
        table.add_row(name, *_cells(each))
    return table


def _cells(each: MetricComparison) -> tuple[str, ...]:
    one = each.paired
    if one is None:
        return f"{each.a:.3f}", f"{each.b:.3f}", f"{each.b - each.a:+.3f}", "", ""
    return (
        f"{one.a:.3f} ± {one.standard_error_a:.3f}",
        f"{one.b:.3f} ± {one.standard_error_b:.3f}",
        f"{one.difference:+.3f} ± {one.standard_error:.3f}",
        f"{one.low:+.3f} to {one.high:+.3f}",
        f"{one.p_value:.3g}",
    )


def _value(value: float) -> str:
    return f"{value:.3f}" if value == value else "unknown"


def _short(value: Any) -> str:
    """A text on one line, cut where it is long, without escape sequences."""
    text = " ".join((value if isinstance(value, str) else json.dumps(value)).split())
    text = "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)
    return text if len(text) <= _ANSWER else f"{text[:_ANSWER]} ..."
