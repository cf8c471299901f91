"""A corpus of synthetic videos with captions."""

from pathlib import Path

import pytest

from timesuite_jax.data.synthetic import make_caption_corpus


@pytest.fixture(scope="package")
def caption_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve videos, of which each shows something else; read-only."""
    folder = tmp_path_factory.mktemp("corpora") / "captions"
    make_caption_corpus(folder, "captions", 12, seed=0)
    return folder
