"""Writes made-up annotation files."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.action_samples import BESIDE
from tests.support.annotation_samples import SAMPLES


@pytest.fixture
def sample(tmp_path: Path) -> Callable[[str], Path]:
    """Writes the sample of a format; returns its file, or the folder if it is a folder."""

    def write(name: str) -> Path:
        for file, content in SAMPLES[name].items():
            (tmp_path / file).write_bytes(content)
        return tmp_path / next(iter(SAMPLES[name])) if len(SAMPLES[name]) == 1 or name in BESIDE else tmp_path

    return write
