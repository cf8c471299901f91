"""`pytest tests/parity --goldens DIR` reports absent goldens."""

import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT


def pytest_on(goldens: Path) -> subprocess.CompletedProcess[str]:
    test = Path(__file__).parent / "videochat_t/test_answers.py"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-n",
        "0",
        "-p",
        "no:cacheprovider",
        "--goldens",
        str(goldens),
        str(test),
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=ROOT)


def test_absent_family_is_skipped_with_a_reason(tmp_path):
    done = pytest_on(tmp_path)
    assert done.returncode == 0, done.stdout
    assert f"no family videochat_t under {tmp_path}" in done.stdout


def test_absent_folder_is_rejected(tmp_path):
    done = pytest_on(tmp_path / "absent")
    assert done.returncode != 0 and "absent is not a folder" in done.stderr
