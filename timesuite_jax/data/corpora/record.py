"""A record of a corpus, serialised as `tf.train.Example`.

| feature | kind | meaning |
|---|---|---|
| `schema` | int64 | version of this table |
| `id` | bytes | unique in the corpus: `<corpus>/<number in the annotation file>` |
| `corpus`, `task` | bytes | names; tasks are listed in `timesuite_jax.data.timepro.annotations.TASKS` |
| `video` | bytes | the encoded file (mp4 ...), or |
| `frames`, `frame_times` | bytes, float | JPEG frames sampled at the build, and their seconds in the clip, or |
| `media_record` | int64 | number of the record of this corpus that stores the same video or frames |
| `duration` | float | seconds of the video, or of the clip where frames are stored |
| `clip_start`, `clip_end` | float | part of the video that the record is about; absent: all of it |
| `instruction` | bytes | upstream's "i" of the first turn; absent if empty |
| `turns` | bytes | question, answer, question, answer ... |
| `spans` | float | start, end, start, end ...: the ground truth, if known, in seconds from the start of the clip |
| `span_turns` | int64 | index of the question that each span belongs to; absent: see `assign_spans` |
| `source`, `source_checksum` | bytes | file name of the video, CRC32C of its bytes in hexadecimal |

Reading needs no TensorFlow: the message classes come from `tensorflow_datasets`, imported on first use.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from timesuite_jax.data.question_spans import Span, assign_spans
from timesuite_jax.errors import UserError
from timesuite_jax.text import Turn
from timesuite_jax.timing.clips import clip_duration

SCHEMA_VERSION = 2
READABLE_SCHEMAS = (1, SCHEMA_VERSION)  # version 1 has neither `media_record` nor `span_turns`


@dataclass(frozen=True)
class Record:
    """A video (or frames of it) and a conversation about it. See the module for the fields.

    A record that is read by `read_without_media` has neither, and `media_record` is where they are stored.
    """

    id: str
    corpus: str
    task: str
    turns: tuple[Turn, ...]
    duration: float
    video: bytes | None = None
    frames: tuple[bytes, ...] = ()
    frame_times: tuple[float, ...] = ()
    clip: tuple[float, float] | None = None
    spans: tuple[Span, ...] = ()
    span_turns: tuple[int, ...] = ()
    source: str = ""
    source_checksum: str = ""
    media_record: int | None = None

    def __post_init__(self):
        if (self.video is not None) + bool(self.frames) + (self.media_record is not None) != 1:
            raise ValueError(
                f"record {self.id} must have either a video or frames, or refer to those of another record"
            )
        if len(self.frames) != len(self.frame_times):
            raise ValueError(f"record {self.id}: {len(self.frames)} frames but {len(self.frame_times)} times")
        if self.span_turns and len(self.span_turns) != len(self.spans):
            raise ValueError(f"record {self.id}: {len(self.spans)} spans but {len(self.span_turns)} questions of spans")

    @property
    def length(self) -> float:
        """Seconds of the part of the video that the record is about; its spans are within 0 and this."""
        return clip_duration(self.clip, self.duration)

    def spans_of(self, turn: int) -> tuple[Span, ...]:
        """Returns the true spans of one question; spans whose question is unknown are those of the first."""
        owners = self.span_turns or assign_spans(self.turns, self.spans) or (0,) * len(self.spans)
        return tuple(span for span, owner in zip(self.spans, owners, strict=True) if owner == turn)


def encode_record(record: Record) -> bytes:
    """Serialises a record as `tf.train.Example`; deterministic."""
    features: dict[str, Sequence[Any]] = {
        "schema": [SCHEMA_VERSION],
        "id": [record.id.encode()],
        "corpus": [record.corpus.encode()],
        "task": [record.task.encode()],
        "video": [] if record.video is None else [record.video],
        "frames": record.frames,
        "frame_times": record.frame_times,
        "duration": [float(record.duration)],
        "clip_start": record.clip[:1] if record.clip else [],
        "clip_end": record.clip[1:] if record.clip else [],
        "instruction": [turn.instruction.encode() for turn in record.turns[:1] if turn.instruction],
        "turns": [text.encode() for turn in record.turns for text in (turn.question, turn.answer or "")],
        "spans": [float(edge) for span in record.spans for edge in span],
        "span_turns": record.span_turns,
        "source": [record.source.encode()],
        "source_checksum": [record.source_checksum.encode()],
        "media_record": [] if record.media_record is None else [record.media_record],
    }
    example = example_class()()
    for name, values in features.items():
        if not len(values):
            continue
        kind = {int: "int64_list", float: "float_list", bytes: "bytes_list"}[type(values[0])]
        getattr(example.features.feature[name], kind).value.extend(values)
    return example.SerializeToString(deterministic=True)


def decode_record(data: bytes, where: str, *, media_record: int | None = None) -> Record:
    """Parses a serialised record.

    Args:
      data: bytes from `encode_record`.
      where: file and record number, for messages.
      media_record: number of the record, if its media are missing in `data`.

    Raises:
      UserError: the bytes are not a record, or it has another schema.
    """
    from google.protobuf.message import DecodeError

    try:
        feature = example_class().FromString(data).features.feature
    except DecodeError as error:
        raise UserError(f"{where} is not a tf.train.Example; build the corpus with `timesuite data build`") from error

    def strings(name: str) -> list[str]:
        return [value.decode() for value in feature[name].bytes_list.value] if name in feature else []

    def floats(name: str) -> list[float]:
        # Stored as float32: rounding restores the decimals that were written.
        return [round(value, 4) for value in feature[name].float_list.value] if name in feature else []

    def ints(name: str) -> list[int]:
        return list(feature[name].int64_list.value) if name in feature else []

    version = ints("schema")
    if version not in [[readable] for readable in READABLE_SCHEMAS]:
        raise UserError(
            f"{where} has record schema {version or 'none'}, this program reads {READABLE_SCHEMAS}; "
            "build the corpus again"
        )
    texts = strings("turns")
    instruction = "".join(strings("instruction"))
    turns = tuple(
        Turn(question, answer, instruction if number == 0 else "")
        for number, (question, answer) in enumerate(zip(texts[::2], texts[1::2], strict=True))
    )
    edges = floats("spans")
    window = floats("clip_start") + floats("clip_end")
    return Record(
        id=strings("id")[0],
        corpus=strings("corpus")[0],
        task=strings("task")[0],
        turns=turns,
        duration=floats("duration")[0],
        video=feature["video"].bytes_list.value[0] if "video" in feature else None,
        frames=tuple(feature["frames"].bytes_list.value) if "frames" in feature else (),
        frame_times=tuple(floats("frame_times")),
        clip=(window[0], window[1]) if window else None,
        spans=tuple(zip(edges[::2], edges[1::2], strict=True)),
        span_turns=tuple(ints("span_turns")),
        source=strings("source")[0],
        source_checksum=strings("source_checksum")[0],
        media_record=next(iter(ints("media_record")), media_record),
    )


def example_class() -> Any:
    """The message class of records.

    The first call imports it. Call it before starting threads: the library replaces `__import__` during the import, so
    that no other thread may import anything meanwhile.
    """
    from tensorflow_datasets.proto import tf_example_pb2  # takes nearly a second to import, so only on use

    messages: Any = tf_example_pb2  # its classes are created at import, unknown to type checkers
    return messages.Example
