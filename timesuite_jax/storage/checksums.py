"""Writes and verifies sizes and checksums of a checkpoint's files, to find damage before training on it.

The manifest is the last file that is written before Orbax makes a checkpoint visible, so every visible checkpoint has
one. A truncated or corrupted file is then reported by name, instead of causing slightly wrong numbers.
"""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import google_crc32c
from etils import epath

MANIFEST = "manifest.json"
# Orbax's own metadata (timestamps, handler names): it is completed after the manifest, and Orbax can read without it.
_UNLISTED = ("_CHECKPOINT_METADATA", "commit_success.txt")
_CHUNK = 1 << 24  # bytes read at a time
_READERS = 8  # files read concurrently: object storage has high latency and high throughput


def write_manifest(folder: epath.Path) -> None:
    """Writes a manifest of all files in a folder."""
    files = sorted(_files_below(folder))
    with ThreadPoolExecutor(_READERS) as pool:
        entries = dict(zip(files, pool.map(lambda name: _measure(folder / name), files), strict=True))
    (folder / MANIFEST).write_text(json.dumps({"crc32c": entries}, indent=1))


def find_damage(folder: epath.Path, wanted: Callable[[int, str], bool] = lambda index, name: True) -> list[str]:
    """Compares the files of a folder with its manifest.

    Args:
      folder: written with `write_manifest`.
      wanted: whether to check a file, given its index and name; all files if not given.

    Returns:
      One line for each damaged file, sorted by name, such as "params/d/0a1b: has 2612 of 2616 bytes"; empty if intact.
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
            return f"{name}: has {found} of {size} bytes"
        return None if actual == crc else f"{name}: checksum {actual} does not match the manifest's {crc}"

    names = [name for index, name in enumerate(sorted(entries)) if wanted(index, name)]
    with ThreadPoolExecutor(_READERS) as pool:
        return [line for line in pool.map(compare, names) if line]


def _files_below(folder: epath.Path, prefix: str = "") -> list[str]:
    """Returns the relative names of all files that a manifest lists."""
    names = []
    for path in folder.iterdir():
        name = prefix + path.name
        if path.is_dir():
            names += _files_below(path, f"{name}/")
        elif name not in (MANIFEST, *_UNLISTED):
            names.append(name)
    return names


def _measure(file: epath.Path) -> tuple[int, str]:
    """Returns size and CRC-32C checksum of a file."""
    size, checksum = 0, google_crc32c.Checksum()
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            checksum.update(chunk)
    return size, checksum.hexdigest().decode()
