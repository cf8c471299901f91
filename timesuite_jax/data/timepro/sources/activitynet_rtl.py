"""ActivityNet-RTL of LITA: questions that need reasoning, answers with times and an explanation.

Training: {video id: {duration, QA: [{q, a}]}}; test: a list of {vid, duration, question, answer}, whose video is
`v_` + vid. Times in answers are marked: "<12.3>", in seconds. An answer without two of them, which the release has, is
skipped; the two first are the window, as in the evaluation of LITA, and a third would be of no question.
"""

import re
from collections.abc import Iterator

from timesuite_jax.data.timepro.source_entry import Dialogue
from timesuite_jax.data.timepro.sources.cursor import BadField, Cursor
from timesuite_jax.data.timepro.sources.document import Document
from timesuite_jax.data.timepro.sources.entries import make_entry, parse_each
from timesuite_jax.data.timepro.sources.format import Format, Found, Reading
from timesuite_jax.text import Turn

_TASKS = ("reasoning_temporal_localization",)
_MARK = re.compile(r"<(\d{0,9}\.\d{1,9}|\d{1,9}\.?)>", re.ASCII)


def _is_train(document: Document) -> bool:
    return document.has_values("duration", "QA")


def _is_test(document: Document) -> bool:
    return document.has_records("vid", "duration", "question", "answer") and not document.has_records("options")


def _entry(
    row: Cursor, video: str, reading: Reading, question: Cursor, answer: Cursor, duration: float | None
) -> Found:
    text = answer.text()
    times = [float(mark) for mark in _MARK.findall(text)]
    if len(times) != 2:
        raise BadField(answer.location, f"has {len(times)} times, not two")
    span = min(times), max(times)
    turn = Turn(question.text(), _MARK.sub(lambda mark: f"{float(mark[1]):.1f}", text))
    return make_entry(row, video, reading.task, Dialogue((turn,), ((span,),)), duration=duration)


def _parse_train(row: Cursor, reading: Reading) -> Iterator[Found]:
    video, duration = row.key_name(), row.duration()

    def parse_pair(pair: Cursor, _: Reading) -> Iterator[Found]:
        yield _entry(pair, video, reading, pair.field("q"), pair.field("a"), duration)

    yield from parse_each(row.field("QA").items(), parse_pair, reading)


def _parse_test(row: Cursor, reading: Reading) -> Iterator[Found]:
    video = "v_" + row.field("vid").name().removeprefix("v_")
    yield _entry(row, video, reading, row.field("question"), row.field("answer"), row.duration())


ACTIVITYNET_RTL = Format(
    name="activitynet_rtl",
    title="ActivityNet-RTL, training",
    tasks=_TASKS,
    shape="{video id: {duration, QA: [{q, a}]}}, with <seconds> in a",
    reference="github.com/NVlabs/LITA, lita/dataset/temporal_reasoning_dataset.py",
    matches=_is_train,
    rows=lambda document, _: document.by_key(),
    parse=_parse_train,
)
ACTIVITYNET_RTL_TEST = Format(
    name="activitynet_rtl_test",
    title="ActivityNet-RTL, test",
    tasks=_TASKS,
    shape="list of {vid, duration, question, answer}, with <seconds> in answer",
    reference="github.com/NVlabs/LITA, lita/eval/eval_model_rtl.py",
    matches=_is_test,
    parse=_parse_test,
)
