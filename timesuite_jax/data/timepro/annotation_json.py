"""Writes annotations as `read_annotations` reads them: one JSON object a line."""

from collections.abc import Iterable

from timesuite_jax.data.timepro.annotation import Annotation
from timesuite_jax.json_text import to_json


def annotation_lines(annotations: Iterable[Annotation]) -> str:
    """Returns the lines of a file, each ending in a line feed."""
    return "".join(to_json(_as_json(one), ensure_ascii=False) + "\n" for one in annotations)


def _as_json(annotation: Annotation) -> dict[str, object]:
    """The fields of an entry; true windows are those of their questions, as far as they are known."""
    owners, spans = annotation.spans.owners, annotation.spans.spans
    pairs: list[dict[str, object]] = []
    for number, turn in enumerate(annotation.turns):
        pair: dict[str, object] = {"i": turn.instruction} if turn.instruction else {}
        pair |= {"q": turn.question, "a": turn.answer or ""}
        if owners is not None and not annotation.spans.missing:
            pair["spans"] = [list(span) for span, owner in zip(spans, owners, strict=True) if owner == number]
        pairs.append(pair)
    entry: dict[str, object] = {"video": annotation.video, "task": annotation.task, "QA": pairs}
    if owners is None:
        entry["spans"] = [list(span) for span in spans]
    if annotation.clip is not None:
        entry["start"], entry["end"] = annotation.clip
    return entry
