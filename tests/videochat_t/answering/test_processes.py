"""Nightly: two processes evaluate as one does, with a record that one of them must drop, and resume."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rehearse_pod import environment, free_port

from tests.support import answer_together, sample_videos
from tests.support.paths import ROOT
from timesuite_jax.data.corpora import CorpusShare, CorpusWriter, Mixture
from timesuite_jax.data.synthetic import SyntheticCorpusSpec, make_tokenizer


@pytest.fixture(scope="module")
def corpus(tiny_corpus, tmp_path_factory):
    """Five videos, the second damaged: the second of two processes has one fewer to read, and to answer."""
    mixture = Mixture([CorpusShare(str(tiny_corpus))])
    # One question each.
    records = [mixture.read(number) for number in range(5)]
    records = [dataclasses.replace(one, turns=one.turns[:1], spans=one.spans[:1], span_turns=()) for one in records]
    records[1] = dataclasses.replace(records[1], video=b"no video")
    folder = tmp_path_factory.mktemp("corpora") / "five"
    CorpusWriter(folder, "five").write([records])
    make_tokenizer(folder, SyntheticCorpusSpec("videos", 1).appearance)
    return folder


@pytest.mark.nightly
def test_two_processes_answer_as_one(corpus, tmp_path: Path):
    video = tmp_path / "video.mp4"
    video.write_bytes(sample_videos.numbered_video(24, rate=12.0))
    port, files = free_port(), [tmp_path / f"{index}.json" for index in range(2)]
    path = os.pathsep.join([str(ROOT), *sys.path])
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.support.answer_together", corpus, video, tmp_path / "both", file],
            env=environment(index, 2, port, 1) | {"PYTHONPATH": path},
            stderr=subprocess.PIPE,
            text=True,
        )
        for index, file in enumerate(files)
    ]
    errors = [process.communicate(timeout=300)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0], errors
    first, second = (json.loads(file.read_text()) for file in files)
    alone = json.loads(json.dumps(answer_together.answer(str(corpus), str(video), str(tmp_path / "alone"))))
    refusals = [found.pop("refusal") for found in (first, second, alone)]
    assert refusals[0] == refusals[1] and "different videos" in refusals[0] and not refusals[2]
    assert first == second == alone
    assert alone["progress"] == 5 and len(alone["answers"]) == 4 and len({text for *_, text in alone["answers"]}) > 1
    assert [id for id, _ in alone["dropped"]] == ["five#1"] and alone["single"]
    stored = [len((tmp_path / f"both/predictions-{index}.jsonl").read_text().splitlines()) for index in range(2)]
    assert sum(stored) == 4 and min(stored) > 0
