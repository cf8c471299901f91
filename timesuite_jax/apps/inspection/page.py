"""Writes the page of `timesuite data inspect`: one HTML file without scripts, fonts or links to anything else."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

from etils import epath

from timesuite_jax.apps.inspection.report import PERCENTILE_NAMES, CorpusReport
from timesuite_jax.apps.inspection.sample_card import sample_card
from timesuite_jax.errors import UserError
from timesuite_jax.storage.atomic_write import atomic_write
from timesuite_jax.storage.write_errors import cause_of

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #1c2430; margin: 2rem auto; max-width: 68rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin: 2.2rem 0 .3rem; border-top: 2px solid #1c2430; }
h3 { font-size: 1rem; margin: 1.4rem 0 .3rem; } table { border-collapse: collapse; margin: .4rem 0; }
th, td { text-align: right; padding: .15rem .7rem; border-bottom: 1px solid #d5dae1; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
.bars { display: flex; align-items: flex-end; gap: 2px; height: 3.2rem; width: 16rem; }
.bars i { flex: 1; background: #2b59c3; min-height: 1px; }
.pair { display: flex; flex-wrap: wrap; gap: 2.5rem; } figure { margin: .5rem 0; }
figcaption { font-size: .85rem; color: #4a5568; } .note { color: #4a5568; }
.card { border: 1px solid #d5dae1; border-radius: 6px; padding: .7rem 1rem; margin: .8rem 0; }
.strip { display: flex; gap: 3px; } .strip img { flex: 1 1 0; min-width: 0; display: block; }
.strip figure { flex: 1 1 0; min-width: 0; margin: 0; } .strip img { width: 100%; }
.turn { margin: .35rem 0; white-space: pre-wrap; overflow-wrap: anywhere; } .turn b { margin-right: .4rem; }
svg { width: 100%; display: block; margin: .3rem 0; }
"""


def write_page(
    reports: Sequence[CorpusReport], path: epath.PathLike, *, config: str | None, deadline_s: float = 120.0
) -> None:
    """Writes the page of several corpora.

    Args:
      reports: of the corpora.
      path: HTML file to write.
      config: name of the config that tokens were measured with.
      deadline_s: wall seconds that decoding one video may take.

    Raises:
      UserError: the file cannot be written.
    """
    title = "Corpora: " + ", ".join(report.info.name for report in reports)
    body = "".join(_corpus(report, config, deadline_s) for report in reports)
    text = (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body><h1>{html.escape(title)}</h1>{body}</body></html>\n"
    )
    try:
        with atomic_write(path) as partial:
            partial.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise UserError(f"cannot write {path}: {cause_of(error)}; choose another file") from error


def _corpus(report: CorpusReport, config: str | None, deadline_s: float) -> str:
    facts, spans = report.statistics, report.statistics["spans"]
    size = sum(report.info.bytes) / 1e6
    head = (
        f"{facts['records']:,} records, {facts['questions']:,} questions, {facts['hours']:.2f} h, {size:,.1f} MB in "
        f"{len(report.info.shards)} shards; {len(report.info.quarantine)} samples rejected, "
        f"{len(report.info.bad_spans)} spans did not fit"
    )
    parts = [f"<h2>{html.escape(report.info.name)}</h2><p>{head}</p>"]
    parts.append(_table("task", ["records"], {task: [f"{count:,}"] for task, count in facts["tasks"].items()}))
    rows = {name: [f"{value:,.6g}" for value in row.values()] for name, row in report.distributions().items()}
    parts.append(_table("", PERCENTILE_NAMES, rows))
    if report.tokens:
        parts.append(_tokens(report.tokens, config))
    if spans["count"]:
        parts.append(_spans(spans))
    parts.append("<h3>Samples</h3>")
    parts += [sample_card(record, deadline_s) for record in report.samples]
    return "".join(parts)


def _tokens(tokens: Mapping[str, Any], config: str | None) -> str:
    cuts = ", ".join(f"{kind} {count:,}" for kind, count in tokens["cuts"].items()) or "none"
    lengths = ", ".join(f"{count:,} in {length}" for length, count in tokens["lengths"].items()) or "none"
    text = (
        f"With {config}: {tokens['whole']:,} of {tokens['samples']:,} samples fit whole; cuts: {cuts}; "
        f"{tokens['dropped']:,} dropped. Sequences by length in tokens: {lengths}."
    )
    return f"<p>{html.escape(text)}</p>"


def _spans(spans: Mapping[str, Any]) -> str:
    per_question = ", ".join(f"{count:,} with {number}" for number, count in spans["per_question"].items())
    grid = "on no common grid" if spans["grid_s"] is None else f"multiples of {spans['grid_s']:g} s"
    text = f"{spans['count']:,} true spans, their starts and ends {grid}; questions by number of spans: {per_question}"
    bars = _bars(spans["center"], "centre of the span in the video") + _bars(spans["share"], "share of the video")
    return f'<p>{html.escape(text)}</p><div class="pair">{bars}</div>'


def _bars(counts: Sequence[int], caption: str) -> str:
    highest = max(counts) or 1
    bars = "".join(
        f'<i style="height:{100 * count / highest:.1f}%" title="{number * 10} to {number * 10 + 10} %: {count:,}"></i>'
        for number, count in enumerate(counts)
    )
    return f'<figure><div class="bars">{bars}</div><figcaption>0 to 100 %: {html.escape(caption)}</figcaption></figure>'


def _table(corner: str, head: Sequence[str], rows: Mapping[str, Sequence[str]]) -> str:
    top = "".join(f"<th>{html.escape(name)}</th>" for name in (corner, *head))
    lines = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in (name, *cells)) + "</tr>"
        for name, cells in rows.items()
    )
    return f"<table><tr>{top}</tr>{lines}</table>"
