"""A corpus of labelled synthetic videos."""

from pathlib import Path

import pytest

from timesuite_jax.data.synthetic import make_action_corpus


@pytest.fixture(scope="package")
def action_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve videos of four classes; read-only."""
    folder = tmp_path_factory.mktemp("corpora") / "actions"
    make_action_corpus(folder, "actions", 12, seed=0)
    return folder
