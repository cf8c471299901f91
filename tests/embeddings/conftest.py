"""The folder of a tiny encoder with random weights."""

from pathlib import Path

import pytest

from tests.support.tiny_sentence_encoder import write_sentence_encoder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_sentence_encoder(tmp_path)
    return tmp_path
