"""Pairs of real evaluations of a tiny model that differ in one thing: the result files name it."""

import dataclasses
import functools
import shutil

import jax
import pytest

from tests.support import tiny_config
from tests.support.sample_videos import numbered_video
from timesuite_jax import registry
from timesuite_jax.evaluation.comparison import compare, read_result
from timesuite_jax.evaluation.job import EvaluationRequest

nightly = functools.partial(pytest.param, marks=pytest.mark.nightly)
_QUESTIONS = [f"{video} {0.5 * number} {0.5 * number + 1}##event {number}.\n" for video in "ABCD" for number in (0, 1)]


@pytest.fixture(scope="module")
def evaluate(tiny_corpus, tmp_path_factory):
    """A function of what differs, which evaluates and returns the folder of the results."""
    folder = tmp_path_factory.mktemp("evaluations")
    (folder / "charades_sta_test.txt").write_text("".join(_QUESTIONS))
    (folder / "videos").mkdir()
    for number, name in enumerate("ABCD"):
        (folder / "videos" / f"{name}.mp4").write_bytes(numbered_video(24 + 6 * number))
    config = tiny_config.get_config(str(tiny_corpus))
    weights = {seed: registry.build(config).init(jax.random.key(seed)) for seed in (0, 1)}

    def run(name, *, seed=0, data=None, **options):
        config = tiny_config.get_config(str(tiny_corpus))
        config.data.update(data or {})
        request = EvaluationRequest(
            benchmark="charades_sta",
            annotations=options.pop("annotations", (folder / "charades_sta_test.txt",)),
            videos=options.pop("videos", folder / "videos"),
            results=folder / name,
            **options,
        )
        registry.build(config).evaluation_job(request).run(weights[seed], lambda count: None)
        return folder / name

    run("plain")
    return run


def changed_videos(evaluate, tmp_path, change):
    """Options for a copy of the videos after a change."""
    folder = evaluate("plain").parent
    shutil.copytree(folder / "videos", tmp_path / "videos")
    change(tmp_path / "videos")
    return {"videos": tmp_path / "videos"}


def causes(evaluate, name, **options):
    plain = read_result(evaluate("plain"))
    found = compare(plain, read_result(evaluate(name, **options)))
    assert found.not_recorded == ([], [])
    return [cause.name for cause in found.causes], found


@pytest.mark.parametrize(
    ("cause", "options"),
    [
        ("checkpoint", {"seed": 1}),
        ("prompt", {"prompt": "evaluation"}),
        nightly("sampling", {"data": {"sampling": "upstream_evaluation"}}),
        nightly("pixels", {"data": {"transform": "upstream"}}),
        nightly("questions", {"limit": 5}),
        nightly("protocol", {"protocol": "paper"}),  # 512 tokens an answer
    ],
)
def test_settings(evaluate, cause, options):
    names, found = causes(evaluate, cause, **options)
    assert names == [cause], found.causes
    assert len(found.pairing.pairs) == options.get("limit", 8)


def test_a_missing_video(evaluate, tmp_path):
    options = changed_videos(evaluate, tmp_path, lambda folder: (folder / "C.mp4").unlink())
    names, found = causes(evaluate, "missing", **options)
    assert names == ["missing_videos"] and "B lacks 1 video (C)" in found.causes[0].sentence
    assert "2 questions only in A, 0 only in B" in found.causes[0].sentence


@pytest.mark.nightly
def test_another_video_under_the_same_name(evaluate, tmp_path):
    options = changed_videos(evaluate, tmp_path, lambda folder: (folder / "C.mp4").write_bytes(numbered_video(55)))
    names, found = causes(evaluate, "replaced", **options)
    assert names == ["frames"] and found.evidence.unexplained["frames"] == [
        "charades_sta_test.txt#4",
        "charades_sta_test.txt#5",
    ]


@pytest.mark.nightly
def test_other_annotations(evaluate, tmp_path):
    (tmp_path / "charades_sta_test.txt").write_text("".join(_QUESTIONS[:6]))
    names, found = causes(evaluate, "annotations", annotations=(tmp_path / "charades_sta_test.txt",))
    assert names == ["corpora"] and len(found.pairing.pairs) == 6


def test_edited_answers(evaluate, tmp_path):
    shutil.copytree(evaluate("plain"), tmp_path / "edited")
    file = tmp_path / "edited" / "result.json"
    result = read_result(file)
    first = next(iter(result.examples.values()))
    edited = dataclasses.replace(first, prediction={**first.prediction, "answer": "never"})
    found = compare(result, dataclasses.replace(result, examples={**result.examples, first.id: edited}))
    assert [cause.name for cause in found.causes] == ["answers"]


@pytest.mark.nightly
def test_the_same_evaluation_twice_is_equal(evaluate):
    names, found = causes(evaluate, "again")
    assert not names and set(found.evidence.consequences.values()) == {0}
