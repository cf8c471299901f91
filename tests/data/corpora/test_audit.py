"""An audit lists every damaged record and video."""

import json
from pathlib import Path

import pytest

from tests.support.annotations import entry, write
from timesuite_jax.data.corpora import BuildSpec, audit, build_corpus
from timesuite_jax.errors import UserError


def test_problems_are_listed_with_their_location(videos, tmp_path):
    spec = BuildSpec("test")
    build_corpus(write(tmp_path, [entry("a.mp4"), entry("b.mp4")]), videos, tmp_path / "out", spec, quiet=True)
    good = audit([tmp_path / "out", videos / "a.mp4"], quiet=True)
    assert good.ok and good.records == 2 and good.videos == 1
    mixed = audit([videos], quiet=True)
    assert mixed.videos == 5 and {Path(f.where).name for f in mixed.findings} == {"empty.mp4", "sound.mp4", "short.mp4"}
    shard = tmp_path / "out" / "test-00000-of-00001.tfrecord"
    data = bytearray(shard.read_bytes())
    data[len(data) // 4] ^= 255
    shard.write_bytes(data)
    problems = [finding.problem for finding in audit([tmp_path / "out"], quiet=True).findings]
    assert len(problems) == 2 and "another checksum" in problems[0] and "fails its checksum" in problems[1]
    json.dumps(mixed.as_json())
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(UserError, match="neither a corpus nor videos"):
        audit([empty], quiet=True)
    with pytest.raises(UserError, match=r"there is no .*nowhere; give"):
        audit([tmp_path / "nowhere"], quiet=True)
