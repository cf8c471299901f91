"""QuerYD: descriptions of moments, in two files with the same keys, pickles as released or JSON.

`raw_captions_combined_filtered*` has {"video-ID": [words, ...]}, `times_captions_combined_filtered*` {"video-ID":
[[start, end], ...]} in seconds; `train_list.txt`, `val_list.txt`, `test_list.txt` the keys of the splits. The video is
the id without its first six letters. Give the file of captions, or the folder; the others are looked for beside it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from timesuite_jax.data.timepro.sources.cursor import Cursor, pairs
from timesuite_jax.data.timepro.sources.document import Document, load_document
from timesuite_jax.data.timepro.sources.entries import GROUNDING, event_entries
from timesuite_jax.data.timepro.sources.format import Format, Found, Reading, Skipped
from timesuite_jax.errors import UserError
from timesuite_jax.storage.restricted_pickle import WRONG_KIND, Dialect, load_restricted

_CAPTIONS, _TIMES = "raw_captions", "times_captions"
_PREFIX = "video-"
_REMEDY = "; download the files of QuerYD again"


def _build(value: Any, attributes: Any) -> None:
    raise ValueError(WRONG_KIND)


_DIALECT = Dialect("file of QuerYD", calls={}, build=_build, remedy=_REMEDY)


def _captions(document: Document) -> Path | None:
    """The file of captions that a document is, or that a folder has; None if there is not exactly one."""
    names = document.value if document.kind == "folder" else [document.path.name]
    found = [name for name in names if name.startswith(_CAPTIONS)]
    folder = document.path if document.kind == "folder" else document.path.parent
    return folder / found[0] if len(found) == 1 else None


def _rows(document: Document, reading: Reading) -> Iterator[Cursor | Skipped]:
    captions_path = _captions(document)
    if captions_path is None:
        raise UserError(
            f"{document.path} is not one file {_CAPTIONS}*, or a folder with one; give the path of that file"
        )
    times_path = captions_path.with_name(captions_path.name.replace(_CAPTIONS, _TIMES, 1))
    captions, times = _load(captions_path), _load(times_path)
    listed = _split(captions_path.parent, reading.split)
    for key in dict.fromkeys([*captions, *times]):
        location = f"[{key!r}]"
        if listed is not None and key not in listed:
            yield Skipped(location, f"not in split {reading.split!r}", excluded=True)
        elif key not in captions or key not in times:
            yield Skipped(location, f"only in {(captions_path if key in captions else times_path).name}")
        else:
            yield Cursor(location, {"captions": captions[key], "times": times[key]}, key)
    for key in sorted((listed or set()) - captions.keys() - times.keys()):
        yield Skipped(f"[{key!r}]", f"in split {reading.split!r}, and without captions", excluded=True)


def _load(path: Path) -> dict[str, Any]:
    """Loads one of the two files.

    Raises:
      UserError: it is not there, or is neither a dictionary in a pickle nor a JSON object.
    """
    document = load_document(path)
    content = document.value
    if document.kind == "pickle":
        content = load_restricted(document.value, str(path), _DIALECT)
        # A list takes at least a byte; a forged file could refer to one long list for every video.
        if isinstance(content, dict) and _size(content) > len(document.value):
            raise UserError(f"{path}: videos share lists{_REMEDY}")
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise UserError(f"{path} has no dictionary of videos{_REMEDY}")
    return content


def _size(content: dict[Any, Any]) -> int:
    lists = [value for value in content.values() if isinstance(value, list | tuple)]
    return sum(map(len, lists)) + sum(len(item) for items in lists for item in items if isinstance(item, list | tuple))


def _split(folder: Path, split: str | None) -> set[str] | None:
    """The keys of a split; None for all videos.

    Raises:
      UserError: the split has no list, or there are lists and no split is chosen.
    """
    names = sorted(file.name.removesuffix("_list.txt") for file in folder.glob("*_list.txt"))
    if split == "all" or (split is None and not names):
        return None
    if split is None:
        raise UserError(f"{folder} has lists of the splits {', '.join(names)}; choose one with --split, or --split all")
    if split not in names:
        raise UserError(f"{folder} has no {split}_list.txt; it has lists of {', '.join(names) or 'no split'}")
    listed = load_document(folder / f"{split}_list.txt")
    return {line.strip() for line in listed.value if line.strip()} if listed.kind == "text" else set()


def _parse(row: Cursor, reading: Reading) -> Iterator[Found]:
    video = row.key_name().removeprefix(_PREFIX)
    events = pairs(row.field("times"), row.field("captions"))
    joined = [(time, _joined(words)) for time, words in events]
    yield from event_entries(row, video, reading, joined)


def _joined(words: Cursor) -> Cursor:
    if isinstance(words.value, str):
        return words
    return Cursor(words.location, " ".join(word.text() for word in words.items()))


QUERYD = Format(
    name="queryd",
    title="QuerYD",
    tasks=(GROUNDING, "dense_video_captioning"),
    shape="raw_captions_combined_filtered* and times_captions_combined_filtered* in one folder: {video: [...]}",
    reference="github.com/yeliudev/VideoMind, videomind/dataset/sub_classes/queryd.py",
    matches=lambda document: _captions(document) is not None,
    rows=_rows,
    parse=_parse,
    splits=True,
)
