"""Mixtures in one, two and four processes: the same samples, each as often as it should be, also after resuming."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from rehearse_pod import environment, free_port

from tests.support.paths import ROOT
from tests.support.read_mixture import BATCH
from tests.support.records import record
from timesuite_jax.data.corpora import CorpusWriter

SIZES = {"a": 9, "b": 4, "c": 7}  # records
STEPS = 9  # of 8 samples: three epochs of the mixture with weights


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("corpora")
    for name, size in SIZES.items():
        records = [record(number, id=f"{name}/{number}", corpus=name, video=bytes([number])) for number in range(size)]
        CorpusWriter(folder / name, name).write([records[:2], records[2:]])
    return {name: str(folder / name) for name in SIZES}


def read(folder: Path, count: int, jobs: list) -> list[dict]:
    """Runs the jobs in `count` processes; each step has the ids of all processes in the order of these."""
    path, port = folder / f"jobs{count}.json", free_port()
    path.write_text(json.dumps(jobs))
    outputs = [folder / f"{index}-of-{count}.json" for index in range(count)]
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.support.read_mixture", path, out],
            env=environment(index, count, port, 1) | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
            stderr=subprocess.PIPE,
            text=True,
        )
        for index, out in enumerate(outputs)
    ]
    errors = [process.communicate(timeout=300)[1] for process in running]
    assert [process.returncode for process in running] == count * [0], errors
    found = []
    for parts in zip(*(json.loads(out.read_text()) for out in outputs), strict=True):
        assert all(part["states"] == parts[0]["states"] for part in parts)
        assert all(len(step) == BATCH // count for part in parts for step in part["ids"])
        ids = [flat(steps) for steps in zip(*(part["ids"] for part in parts), strict=True)]
        found.append({"ids": ids, "states": parts[0]["states"]})
    return found


def flat(steps: Sequence[list[str]]) -> list[str]:
    return [name for step in steps for name in step]


@pytest.mark.nightly
def test_one_two_and_four_processes(folders, tmp_path):
    natural = [[folders["a"], f"{folders['b']}*2", folders["c"]], []]  # 24 samples an epoch
    weighted = [list(folders.values()), [2.0, 1.0, 1.0]]  # 20: of the groups 10, 5 and 5
    four = read(tmp_path, 4, [[*mixture, None, STEPS] for mixture in (natural, weighted)])
    # Resumed in the middle of an epoch by half as many processes, and again.
    second = [[*mixture, whole["states"][2], 3] for mixture, whole in zip((natural, weighted), four, strict=True)]
    two = read(tmp_path, 2, [*([*mixture, None, STEPS] for mixture in (natural, weighted)), *second])
    third = [[*mixture, part["states"][3], 4] for mixture, part in zip((natural, weighted), two[2:], strict=True)]
    one = read(tmp_path, 1, [*([*mixture, None, STEPS] for mixture in (natural, weighted)), *third])
    for kind in range(2):
        steps = four[kind]["ids"]
        assert [Counter(step) for step in steps] == [Counter(step) for step in two[kind]["ids"]]
        assert [Counter(step) for step in steps] == [Counter(step) for step in one[kind]["ids"]]
        resumed = [*steps[:2], *two[2 + kind]["ids"], *one[2 + kind]["ids"]]
        assert [Counter(step) for step in resumed] == [Counter(step) for step in steps]
    visits = {f"{name}/{number}": 2 if name == "b" else 1 for name, size in SIZES.items() for number in range(size)}
    names = flat(four[0]["ids"])
    for epoch in range(3):
        assert Counter(names[24 * epoch : 24 * (epoch + 1)]) == visits
    assert names[:24] != names[24:48]
    names = flat(four[1]["ids"])
    for epoch in range(3):
        of_epoch = names[20 * epoch : 20 * (epoch + 1)]
        assert Counter(name[0] for name in of_epoch) == {"a": 10, "b": 5, "c": 5}
        so_far = Counter(names[: 20 * (epoch + 1)])
        for name, size in SIZES.items():  # none is visited a second time in an epoch before all others were once
            counts = [so_far[f"{name}/{number}"] for number in range(size)]
            assert max(counts) - min(counts) <= 1
