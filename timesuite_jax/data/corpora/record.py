"""A record of a corpus, serialised as `tf.train.Example`.

| feature | kind | meaning |
|---|---|---|
| `schema` | int64 | version of this table |
| `id` | bytes | unique in the corpus: `<corpus>/<number in the annotation file>` |
| `corpus`, `task` | bytes | names; tasks are those of `timesuite_jax.data.timepro.TASKS` or of a labelled video |
| `video` | bytes | the encoded file (mp4 ...), or |
| `frames`, `frame_times` | bytes, float | JPEG frames sampled at the build, and their seconds in the clip, or |
| `media_back` | int64 | the record so many places before this one stores the same video or frames |
| `duration` | float | seconds of the video, or of the clip where frames are stored |
| `clip_start`, `clip_end` | float | part of the video that the record is about; absent: all of it |
| `instruction` | bytes | upstream's "i" of the first turn; absent if empty |
| `turns` | bytes | question, answer, question, answer ...; absent of a record without questions |
| `spans` | float | start, end, start, end ...: the ground truth, if known, in seconds from the start of the clip |
| `span_turns` | int64 | index of the question that each span belongs to; absent: see `assign_spans` |
| `label` | int64 | number of the class that the video or clip shows; absent: no label |
| `directional` | int64 | 1: mirrored, the video would show another class ("from left to right"); absent otherwise |
| `source`, `source_checksum` | bytes | file name of the video, CRC32C of its bytes in hexadecimal |
| `annotation_checksum` | int64 | CRC32C of the serialised record without media and without this feature |

A record does not depend on its place in the corpus, so that one that is left out changes no other.

Reading needs no TensorFlow: the message classes come from `tensorflow_datasets`, imported on first use.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import google_crc32c

from timesuite_jax.data.question_spans import Span, assign_spans
from timesuite_jax.errors import UserError
from timesuite_jax.text import Turn
from timesuite_jax.timing.clips import clip_duration

SCHEMA_VERSION = 4
# Version 1 has neither `media_record` nor `span_turns`; version 2 has `media_record`, the number of the record that
# stores the media, in place of `media_back`, and no `annotation_checksum`. Versions before 4 have no labels.
READABLE_SCHEMAS = (1, 2, 3, SCHEMA_VERSION)
MEDIA_FEATURES = ("video", "frames", "frame_times")
CHECKSUM_FEATURE = "annotation_checksum"


@dataclass(frozen=True)
class Record:
    """A video (or frames of it) with a conversation about it, the label of its class, both or neither.

    See the module for the fields.

    A record whose media another one stores has neither, and `media_record` is the number of that record in the corpus.
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
    label: int | None = None
    directional: bool = False
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
        if self.label is not None and self.label < 0:
            raise ValueError(f"record {self.id} has the label {self.label}; labels are numbered from 0")

    @property
    def length(self) -> float:
        """Seconds of the part of the video that the record is about; its spans are within 0 and this."""
        return clip_duration(self.clip, self.duration)

    @property
    def video_name(self) -> str:
        """Names the video in messages."""
        return f"{self.source} (record {self.id})" if self.source else f"of record {self.id}"

    def spans_of(self, turn: int) -> tuple[Span, ...]:
        """Returns the true spans of one question; spans whose question is unknown are those of the first."""
        owners = self.span_turns or assign_spans(self.turns, self.spans) or (0,) * len(self.spans)
        return tuple(span for span, owner in zip(self.spans, owners, strict=True) if owner == turn)


def encode_record(record: Record, number: int = 0) -> bytes:
    """Serialises a record as `tf.train.Example`; deterministic.

    Args:
      record: to serialise.
      number: of the record, counted as its `media_record` is.
    """
    features: dict[str, Sequence[Any]] = {
        "schema": [SCHEMA_VERSION],
        "id": [record.id.encode()],
        "corpus": [record.corpus.encode()],
        "task": [record.task.encode()],
        "duration": [float(record.duration)],
        "clip_start": record.clip[:1] if record.clip else [],
        "clip_end": record.clip[1:] if record.clip else [],
        "instruction": [turn.instruction.encode() for turn in record.turns[:1] if turn.instruction],
        "turns": [text.encode() for turn in record.turns for text in (turn.question, turn.answer or "")],
        "spans": [float(edge) for span in record.spans for edge in span],
        "span_turns": record.span_turns,
        "label": [] if record.label is None else [record.label],
        "directional": [1] if record.directional else [],
        "source": [record.source.encode()],
        "source_checksum": [record.source_checksum.encode()],
        "media_back": [] if record.media_record is None else [number - record.media_record],
    }
    example = example_class()()
    _add_features(example, features)
    checksum = google_crc32c.value(example.SerializeToString(deterministic=True))
    media = {
        "video": [] if record.video is None else [record.video],
        "frames": record.frames,
        "frame_times": record.frame_times,
    }
    _add_features(example, {**media, CHECKSUM_FEATURE: [checksum]})
    return example.SerializeToString(deterministic=True)


def _add_features(example: Any, features: Mapping[str, Sequence[Any]]) -> None:
    for name, values in features.items():
        if len(values):
            kind = {int: "int64_list", float: "float_list", bytes: "bytes_list"}[type(values[0])]
            getattr(example.features.feature[name], kind).value.extend(values)


def decode_record(data: bytes, where: str, *, number: int = 0, without_media: bool = False) -> Record:
    """Parses a serialised record.

    Args:
      data: bytes from `encode_record`.
      where: file and record number, for messages.
      number: of the record in its corpus.
      without_media: media are missing in `data`; `media_record` is `number` if the record stores its own.

    Raises:
      UserError: the bytes are not a record, or it has another schema.
    """
    from google.protobuf.message import DecodeError

    try:
        feature = example_class().FromString(data).features.feature
    except DecodeError as error:
        raise UserError(f"{where} is not a tf.train.Example; build the corpus with `timesuite data build`") from error
    try:
        return _read_features(feature, where, number, without_media)
    except (ValueError, IndexError, KeyError) as error:
        raise UserError(f"{where} is no record ({error}); build the corpus with `timesuite data build`") from error


def _read_features(feature: Any, where: str, number: int, without_media: bool) -> Record:
    """Reads a record from its features.

    Raises:
      UserError: it has another schema.
      ValueError, IndexError, KeyError: a feature is missing, or does not match another.
    """

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
    stored_in = [number - back for back in ints("media_back")] or ints("media_record")  # since schema 3; of schema 2
    if without_media and not stored_in:
        stored_in = [number]
    texts = strings("turns")
    instruction = "".join(strings("instruction"))
    turns = tuple(
        Turn(question, answer, instruction if turn == 0 else "")
        for turn, (question, answer) in enumerate(zip(texts[::2], texts[1::2], strict=True))
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
        label=next(iter(ints("label")), None),
        directional=ints("directional") == [1],
        source=strings("source")[0],
        source_checksum=strings("source_checksum")[0],
        media_record=next(iter(stored_in), None),
    )


def is_checked(annotations: bytes, checksum: bytes | None) -> bool:
    """Whether the annotations of a record are as they were written, or have a schema without their checksum.

    Args:
      annotations: the serialised record without media and without the checksum.
      checksum: a serialised record of the checksum alone; None if it is missing.
    """
    from google.protobuf.message import DecodeError

    try:
        schema = example_class().FromString(annotations).features.feature["schema"].int64_list.value
        if checksum is None:
            return list(schema) in ([1], [2])
        stored = example_class().FromString(checksum).features.feature[CHECKSUM_FEATURE].int64_list.value
    except DecodeError:
        return False
    return list(stored) == [google_crc32c.value(annotations)]


def example_class() -> Any:
    """The message class of records.

    The first call imports it. Call it before starting threads: the library replaces `__import__` during the import, so
    that no other thread may import anything meanwhile.
    """
    from tensorflow_datasets.proto import tf_example_pb2  # takes nearly a second to import, so only on use

    messages: Any = tf_example_pb2  # its classes are created at import, unknown to type checkers
    return messages.Example
