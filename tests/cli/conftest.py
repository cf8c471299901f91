"""The tiny encoder of `timesuite features`."""

import pytest

from tests.support.encoder_files import encoder_options


@pytest.fixture(scope="package")
def encoder_model(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Options that name the tiny encoder and a file of its weights."""
    return encoder_options(tmp_path_factory.mktemp("weights"))
