"""SumMe (Gygli et al. 2014): a folder `GT` with a MATLAB file a video, or one of these files.

`user_score` has a row a frame and a column an annotator, not zero where the annotator's summary has the frame; `FPS` is
the frame rate. The importance of a frame is the share of annotators that chose it, from 0 to 1.
"""

import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from jaxtyping import Float

from timesuite_jax.data.timepro.sources.cursor import BadField, Cursor
from timesuite_jax.data.timepro.sources.document import Document
from timesuite_jax.data.timepro.sources.entries import make_entry
from timesuite_jax.data.timepro.sources.format import Format, Found, Reading
from timesuite_jax.data.timepro.sources.importance import summary

_SUFFIX = ".mat"
_MAX_BYTES = 2**26  # of a variable, when decompressed
_HEADER_BYTES, _COMPRESSED = 128, 15  # of a MATLAB 5 file; type of a compressed variable
_MAX_RATE = 1000.0


def _matches(document: Document) -> bool:
    return document.kind == "matlab" or (document.kind == "folder" and any(n.endswith(_SUFFIX) for n in document.value))


def _rows(document: Document, _: Reading) -> Iterator[Cursor]:
    folder = document.kind == "folder"
    names = [name for name in document.value if name.endswith(_SUFFIX)] if folder else [document.path.name]
    for name in names:
        yield Cursor(name, document.path / name if folder else document.path, name.removesuffix(_SUFFIX))


def _parse(row: Cursor, reading: Reading) -> Iterator[Found]:
    content = _load(row)
    chosen, rate = _numbers(row, content, "user_score"), _numbers(row, content, "FPS")
    if chosen.ndim != 2 or chosen.size == 0:
        raise BadField(row.location, f"user_score has shape {chosen.shape}, not [frames, annotators]")
    if rate.size != 1 or not 0 < rate.item() <= _MAX_RATE:
        raise BadField(row.location, "FPS is not a frame rate")
    importance = (chosen > 0).mean(axis=1)
    if not importance.any():
        raise BadField(row.location, "has no frame that an annotator chose")
    duration = len(importance) / rate.item()
    yield make_entry(row, row.key_name(), reading.task, summary(importance, rate.item()), duration=duration)


def _load(row: Cursor) -> dict[str, Any]:
    """Loads the two variables; any error of the reader means that the file is damaged."""
    from scipy.io import loadmat  # imported late: it takes 8 MB, which no other format needs

    data = row.value.read_bytes()
    try:
        if _is_large(data):
            raise ValueError(f"a variable has more than {_MAX_BYTES} bytes")
        return loadmat(io.BytesIO(data), variable_names=("user_score", "FPS"))
    except Exception as error:  # of all kinds: the reader does not check the file
        raise BadField(row.location, f"is not a MATLAB 5 file or damaged ({error}); download it again") from error


def _is_large(data: bytes) -> bool:
    """Whether a variable has too many bytes when decompressed: the reader has no limit."""
    order = "<" if data[126:128] == b"IM" else ">"
    position = _HEADER_BYTES
    while position + 8 <= len(data):
        kind, size = struct.unpack_from(f"{order}II", data, position)
        body = data[position + 8 : position + 8 + size]
        if size > _MAX_BYTES:
            return True
        if kind == _COMPRESSED and len(zlib.decompressobj().decompress(body, _MAX_BYTES + 1)) > _MAX_BYTES:
            return True
        position += 8 + size
    return False


def _numbers(row: Cursor, content: dict[str, Any], name: str) -> Float[np.ndarray, "..."]:
    value = content.get(name)
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "biuf":
        raise BadField(row.location, f"has no array of numbers {name}")
    return value.astype(np.float64)


SUMME = Format(
    name="summe",
    title="SumMe",
    tasks=("video_summarization", "highlight_detection"),
    shape="folder of MATLAB files, or one, with user_score [frames, annotators] and FPS",
    reference="Gygli et al., Creating Summaries from User Videos, ECCV 2014",
    matches=_matches,
    rows=_rows,
    parse=_parse,
)
