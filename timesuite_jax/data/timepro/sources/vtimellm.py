"""InternVid-VTime and the other sets of VTimeLLM: conversations with tokens for times.

A row is {id, conversations: [{from: "human" or "gpt", value}], meta: {split, duration, token: {"<s0>": seconds, ...}}}.
Tokens count in seconds from the start of `split`, which is the part of the original video that the row is about
(without it, all of the video). They are replaced by seconds with one decimal; after a pair "<s0> to <e0>" or a token
alone follows "seconds". The windows of a question are the pairs <sN>, <eN> in its answer.
"""

import re
from collections.abc import Iterator, Mapping

from timesuite_jax.data.question_spans import Span
from timesuite_jax.data.timepro.source_entry import Dialogue
from timesuite_jax.data.timepro.sources.cursor import BadField, Cursor
from timesuite_jax.data.timepro.sources.entries import make_entry
from timesuite_jax.data.timepro.sources.format import Format, Found, Reading
from timesuite_jax.text import Turn

_TOKEN = re.compile(r"<([se])(\d{1,6})>", re.ASCII)
_PAIR = re.compile(r"(<s\d{1,6}>)(\s*(?:-|to|and|until)\s*)(<e\d{1,6}>)(?!\s*seconds?\b)", re.ASCII)
_ALONE = re.compile(r"(<[se]\d{1,6}>)(?!\s*(?:-|to\b|and\b|until\b)\s*<|\s*seconds?\b)", re.ASCII)
_MARKS = re.compile(r"\s*<video>\s*")


def _tokens(meta: Cursor | None) -> dict[str, float]:
    if meta is None or (found := meta.optional("token")) is None:
        return {}
    return {token.key: token.number() for token in found.entries()}


def _text(turn: Cursor, tokens: Mapping[str, float], speaker: str) -> str:
    if turn.field("from").value != speaker:
        raise turn.field("from").wrong(f"{speaker!r}")
    text = turn.field("value").text()
    if "<image>" in text:
        raise BadField(turn.location, "is about an image")
    unknown = [token for token in (found[0] for found in _TOKEN.finditer(text)) if token not in tokens]
    if unknown:
        raise BadField(turn.location, f"has {unknown[0]}, which has no time in meta.token")
    return _MARKS.sub(" ", text).strip()


def _with_seconds(text: str, tokens: Mapping[str, float]) -> str:
    text = _PAIR.sub(r"\1\2\3 seconds", text)
    text = _ALONE.sub(r"\1 seconds", text)
    return _TOKEN.sub(lambda token: f"{tokens[token[0]]:.1f}", text)


def _spans(answer: str, tokens: Mapping[str, float]) -> tuple[Span, ...] | None:
    """Windows in an answer, in its order; None if it has none."""
    found = dict.fromkeys(number for _, number in _TOKEN.findall(answer))
    edges = [(f"<s{number}>", f"<e{number}>") for number in found]
    return tuple((tokens[s], tokens[e]) for s, e in edges if s in answer and e in answer) or None


def _parse(row: Cursor, reading: Reading) -> Iterator[Found]:
    video, meta = row.field("id").name(), row.optional("meta")
    tokens, clip, duration = _tokens(meta), None, None
    if meta is not None:
        part, length = meta.optional("split"), meta.duration()
        clip = None if part is None else part.span()
        duration = length if clip is None else None  # of the video, and not of its part
        if part is not None and clip is not None and not 0 <= clip[0] < clip[1]:
            raise part.wrong("two seconds in order")
    messages = row.field("conversations").items()
    if not messages or len(messages) % 2:
        raise BadField(f"{row.location}.conversations", "is not questions and answers by turns")
    questions = [_text(turn, tokens, "human") for turn in messages[::2]]
    answers = [_text(turn, tokens, "gpt") for turn in messages[1::2]]
    spans = tuple(_spans(answer, tokens) for answer in answers)
    turns = tuple(
        Turn(_with_seconds(question, tokens), _with_seconds(answer, tokens))
        for question, answer in zip(questions, answers, strict=True)
    )
    task = reading.task if any(spans) else "conversation"
    yield make_entry(row, video, task, Dialogue(turns, spans), clip=clip, duration=duration)


VTIMELLM = Format(
    name="vtimellm",
    title="InternVid-VTime (VTimeLLM)",
    tasks=("multi_format_temporal_grounding", "dense_video_captioning", "conversation"),
    shape='list of {id, conversations: [{from, value}], meta: {split, duration, token: {"<s0>": seconds}}}',
    reference="github.com/huangb23/VTimeLLM, docs/data.md",
    matches=lambda document: document.has_records("id", "conversations"),
    parse=_parse,
)
