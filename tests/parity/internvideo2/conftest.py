"""The folders of golden numbers of InternVideo2, one a case; a test skips where the folder of its case is absent."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.golden_folder import GoldenFolder


@pytest.fixture
def golden_case(goldens: Path) -> Callable[[str], GoldenFolder]:
    """Opens the folder of a case; skips the test if it is not there."""

    def open_case(name: str) -> GoldenFolder:
        folder = goldens / "internvideo2" / name
        if not folder.is_dir():
            pytest.skip(f"no golden numbers at {folder}")
        return GoldenFolder(folder)

    return open_case
