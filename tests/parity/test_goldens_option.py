"""`pytest tests/parity --goldens DIR`: what is absent is told."""

import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT


def pytest_on(goldens: Path) -> subprocess.CompletedProcess[str]:
    test = Path(__file__).parent / "videochat_t/test_answers.py"
    words = [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", "--goldens", str(goldens), str(test)]
    return subprocess.run(words, capture_output=True, text=True, timeout=300, cwd=ROOT)


def test_an_absent_family_is_skipped_and_says_so(tmp_path):
    done = pytest_on(tmp_path)
    assert done.returncode == 0, done.stdout
    assert f"no family videochat_t under {tmp_path}" in done.stdout


def test_an_absent_folder_is_refused(tmp_path):
    done = pytest_on(tmp_path / "absent")
    assert done.returncode != 0 and "absent is no folder" in done.stderr
