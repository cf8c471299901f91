"""The measurement of corpus builds runs at a tiny size and prints JSON."""

import json
import subprocess
import sys

from tests.support.paths import BENCHMARKS


def test_corpus_build():
    """The script fails if broken files change a record of a good video."""
    command = [sys.executable, BENCHMARKS / "corpus_build.py", "--tiny", "--repeats", "1", "--json"]
    result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout)
    assert len(result["storage"]) == 5
    sizes = {row["storage"]: row["bytes_per_video"] for row in result["storage"]}
    assert sizes["video, no sound"] < sizes["video"] and sizes["2 frames/s, 256 px"] < sizes["128 frames, 256 px"]
    assert all(row["videos_per_cpu_second"] > 0 < row["read_cpu_seconds_per_video"] for row in result["storage"])
    assert [row["videos"] for row in result["growth"]] == [2, 4]
    assert all(row["peak_memory_mb"] > 0 < row["cpu_seconds_per_video"] for row in result["growth"])
    assert (result["broken"]["good"], result["broken"]["broken"]) == (20, 1)
