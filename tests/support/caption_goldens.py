"""Reads the golden numbers of caption metrics, which are compressed in this repository."""

import functools
import gzip
import json
from pathlib import Path
from typing import Any

import pytest


@functools.lru_cache
def read_caption_golden(folder: Path, name: str) -> Any:
    """Returns the content of `captions/NAME`, or of `captions/NAME.gz`; skips the test where neither exists."""
    path = folder / "captions" / name
    if path.is_file():
        return json.loads(path.read_text(encoding="utf-8"))
    packed = path.with_name(f"{path.name}.gz")
    if not packed.is_file():
        pytest.skip(f"no golden numbers at {path}")
    return json.loads(gzip.decompress(packed.read_bytes()))
