"""A build on Apache Beam writes the bytes of one without."""

import importlib.util

import pytest

from tests.support.annotations import entry, write
from timesuite_jax.cli.main import main

needs_beam = pytest.mark.skipif(
    not importlib.util.find_spec("apache_beam"), reason="needs Apache Beam: pip install -e '.[prep]'"
)


def build(folder, out, *more):
    words = ["--annotations", folder / "annotations.json", "--videos", folder / "videos", "--out", folder / out]
    return main(["data", "build", *map(str, words), "--corpus", "c", "--shards", "3", *more])


@needs_beam
def test_the_bytes_are_the_same(videos, tmp_path):
    names = ["a.mp4", "b.mp4", "empty.mp4", "sound.mp4", "short.mp4", "gone.mp4"]
    write(tmp_path, [entry(name) for name in names] + [entry("a.mp4", start=0.0, end=2.6)])
    assert build(tmp_path, "local", "--workers", "2") == 0
    assert build(tmp_path, "beam", "--workers", "2", "--runner", "DirectRunner") == 0
    local, beam = (
        {path.relative_to(tmp_path / out): path.read_bytes() for path in (tmp_path / out).rglob("*") if path.is_file()}
        for out in ("local", "beam")
    )
    assert local == beam and len(local) == 3 * 2 + 3


@pytest.mark.skipif(bool(importlib.util.find_spec("apache_beam")), reason="Apache Beam is installed")
def test_without_beam_the_error_names_the_extra(videos, tmp_path, capsys):
    write(tmp_path, [entry("a.mp4")])
    assert build(tmp_path, "beam", "--runner", "DirectRunner") == 2
    assert "pip install 'timesuite_jax[prep]', or leave --runner out" in capsys.readouterr().err
    assert build(tmp_path, "local") == 0  # the remedy


@pytest.mark.parametrize(
    ("runner", "remedy"),
    [
        ("DataflowRunner", "--pipeline-options='--num_workers=3 --max_num_workers=3 ...'"),
        ("FlinkRunner", "--pipeline-options='--parallelism=3 ...'"),
        ("SparkRunner", "with as many executors"),
    ],
)
def test_workers_of_a_cluster_are_options_of_its_runner(videos, tmp_path, capsys, runner, remedy):
    write(tmp_path, [entry("a.mp4")])
    assert build(tmp_path, "out", "--runner", runner, "--workers", "3") == 2
    assert f"not of {runner}; " in (error := capsys.readouterr().err) and remedy in error


def test_options_of_a_pipeline_need_one(videos, tmp_path, capsys):
    write(tmp_path, [entry("a.mp4")])
    assert build(tmp_path, "out", "--pipeline-options=--project=p") == 2
    assert "apply to runners of Apache Beam; give --runner" in capsys.readouterr().err
