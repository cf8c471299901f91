"""Sizes and checksums of a checkpoint's files, so that damage is found before it is trained on.

The manifest is the last file that is written before the storage library makes a checkpoint visible, so whatever is
visible has one. A disk that loses the end of a file, or a bit of it, is then told from a sound one by name of the file,
and not by numbers that are a little wrong.
"""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import google_crc32c
from etils import epath

MANIFEST = "manifest.json"
# The storage library's own notes (time stamps, handler names). It completes them at the very end, and does without.
_NOTES = ("_CHECKPOINT_METADATA", "commit_success.txt")
_PIECE = 1 << 24  # bytes read at a time
_READERS = 8  # files read side by side: object storage answers slowly and has room for many


def write_manifest(folder: epath.Path) -> None:
    """Lists all files of a folder in its manifest."""
    files = sorted(_files_below(folder))
    with ThreadPoolExecutor(_READERS) as pool:
        entries = dict(zip(files, pool.map(lambda name: _measure(folder / name), files), strict=True))
    (folder / MANIFEST).write_text(json.dumps({"crc32c": entries}, indent=1))


def find_damage(folder: epath.Path, wanted: Callable[[int, str], bool] = lambda index, name: True) -> list[str]:
    """What differs between the files of a folder and its manifest, a line a file, in the order of names.

    Args:
      folder: written with `write_manifest`.
      wanted: whether to read a file, by its number and name; all if not given.

    Returns:
      Lines such as "params/d/0a1b: 2612 bytes of 2616 are there"; none if all is well.
    """
    try:
        manifest = (folder / MANIFEST).read_text()
    except (FileNotFoundError, NotADirectoryError):
        return [f"{MANIFEST}: missing"]
    except (UnicodeDecodeError, IsADirectoryError):
        return [f"{MANIFEST}: damaged"]
    try:
        entries = {str(name): (int(size), str(crc)) for name, (size, crc) in json.loads(manifest)["crc32c"].items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        return [f"{MANIFEST}: damaged"]

    def compare(name: str) -> str | None:
        size, crc = entries[name]
        try:
            found, actual = _measure(folder / name)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return f"{name}: missing"
        if found != size:
            return f"{name}: {found} bytes of {size} are there"
        return None if actual == crc else f"{name}: its checksum is {actual}, it was written with {crc}"

    names = [name for index, name in enumerate(sorted(entries)) if wanted(index, name)]
    with ThreadPoolExecutor(_READERS) as pool:
        return [line for line in pool.map(compare, names) if line]


def _files_below(folder: epath.Path, prefix: str = "") -> list[str]:
    """Relative names of all files that a manifest lists."""
    names = []
    for path in folder.iterdir():
        name = prefix + path.name
        if path.is_dir():
            names += _files_below(path, f"{name}/")
        elif name not in (MANIFEST, *_NOTES):
            names.append(name)
    return names


def _measure(file: epath.Path) -> tuple[int, str]:
    """Size and checksum of a file."""
    size, checksum = 0, google_crc32c.Checksum()
    with file.open("rb") as stream:
        while piece := stream.read(_PIECE):
            size += len(piece)
            checksum.update(piece)
    return size, checksum.hexdigest().decode()
