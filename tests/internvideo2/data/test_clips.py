"""Batches of clips and views of videos, from corpora of small videos."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tests.support import sample_videos
from tests.support.records import record
from timesuite_jax.data.corpora import CorpusWriter, Mixture, corpus_shares
from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.data import (
    ClipDataSpec,
    ViewMaker,
    ViewSpec,
    check_classes,
    classes_of,
    clip_stream,
)
from timesuite_jax.media import encode_jpeg, encode_mp4
from timesuite_jax.media.augment import AugmentationSpec

STILL = AugmentationSpec(crop="whole", flip_probability=0.0)
CLASSES = ("abseiling", "yoga", "zumba")


def labelled(number: int, video: bytes | None, **changes):
    return record(
        number, video=video, turns=(), spans=(), clip=None, duration=4.0, task="action_recognition", **changes
    )


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> str:
    """Three numbered videos of 48 frames at 12 a second, one with a clip, and one of damaged bytes."""
    folder = tmp_path_factory.mktemp("corpora") / "c"
    video = sample_videos.numbered_video(48)
    frames = sample_videos.numbered_frames(6)
    records = [
        labelled(0, video, label=2),
        dataclasses.replace(labelled(1, video, label=0), clip=(2.0, 3.0)),
        labelled(2, None, label=1, frames=tuple(map(encode_jpeg, frames)), frame_times=(0.0, 0.5, 1.0, 1.5, 2.0, 2.5)),
        labelled(3, b"no video", label=1),
    ]
    CorpusWriter(folder, "c", classes=CLASSES).write([records])
    return str(folder)


def spec(*corpora: str, **changes) -> ClipDataSpec:
    fields = {"batch_size": 4, "num_frames": 4, "image_size": 32, "sampling": "middle", "shuffle": False,
              "threads": 0, "augmentation": STILL}  # fmt: skip
    return ClipDataSpec(corpora=corpora, **{**fields, **changes})


def numbers(frames) -> list[int]:
    return [sample_videos.number_of(frame) for frame in frames]


def test_a_batch(corpus):
    stream = clip_stream(spec(corpus), seed=0)
    batch = next(stream)
    assert {name: (value.dtype, value.shape) for name, value in batch.items()} == {
        "frames": (np.uint8, (4, 4, 32, 32, 3)),
        "label": (np.int32, (4,)),
        "valid": (bool, (4,)),
        "sample": (np.int32, (4,)),
    }
    assert batch["label"].tolist() == [2, 0, 1, -1] and batch["sample"].tolist() == [0, 1, 2, 3]
    assert batch["valid"].tolist() == [True, True, True, False] and not batch["frames"][3].any()
    assert numbers(batch["frames"][0]) == [6, 18, 30, 42]  # tick 12
    assert numbers(batch["frames"][1]) == [25, 28, 31, 34]  # frames 24 to 35 of the clip from 2 to 3 s, tick 3
    assert numbers(batch["frames"][2]) == [0, 2, 3, 5]  # of six stored frames, tick 1.5
    (counts,) = stream.report().values()
    assert counts["used"] == 3 and counts["dropped"] == 1 and "not a video" in str(counts["reasons"])


def test_repeated_augmentation(corpus):
    augmentation = AugmentationSpec(flip_probability=0.5)
    repeated = spec(corpus, num_sample=3, sampling="sparse", augmentation=augmentation)
    batch = next(clip_stream(repeated, seed=1))
    assert (
        batch["frames"].shape == (12, 4, 32, 32, 3)
        and batch["label"].tolist() == [2] * 3 + [0] * 3 + [1] * 3 + [-1] * 3
    )
    assert (
        batch["sample"].tolist() == np.repeat(range(4), 3).tolist()
        and batch["valid"].tolist() == [True] * 9 + [False] * 3
    )
    first = batch["frames"][:3]
    assert not np.array_equal(first[0], first[1]) and not np.array_equal(first[1], first[2])
    # The same frames: each has the grey level of its number, whatever the crop.
    levels = np.median(first[..., 1], axis=(2, 3))
    np.testing.assert_allclose(levels, levels[:1].repeat(3, axis=0), atol=2)


def test_directional_records_are_not_mirrored(tmp_path):
    video = sample_videos.numbered_video(24)  # a red patch in the upper left corner
    records = [labelled(0, video, label=0, directional=True), labelled(1, video, label=0)]
    CorpusWriter(tmp_path / "c", "c").write([records])
    mirrored = AugmentationSpec(crop="whole", flip_probability=1.0)
    batch = next(clip_stream(spec(str(tmp_path / "c"), batch_size=2, augmentation=mirrored), seed=0))
    red = batch["frames"][:, 0, 2, :, 0] > 200
    assert red[0, :6].all() and not red[0, 16:].any() and red[1, -6:].all() and not red[1, :16].any()


@pytest.mark.parametrize("options", [{"threads": 2}, {"workers": 1}, {"process": 2}], ids=str)
def test_batches_are_the_same_however_they_are_made(corpus, options):
    processes = options.pop("process", 1)
    random = {"sampling": "sparse", "shuffle": True, "augmentation": AugmentationSpec(erase_probability=0.5)}
    plain = next(clip_stream(spec(corpus, **random), seed=5))
    streams = [
        clip_stream(spec(corpus, **{**random, **options}), seed=5, process_index=index, process_count=processes)
        for index in range(processes)
    ]
    try:
        parts = [next(stream) for stream in streams]
    finally:
        for stream in streams:
            stream.close()
    for name, value in plain.items():
        np.testing.assert_array_equal(np.concatenate([part[name] for part in parts]), value, err_msg=name)


def test_cached_frames_are_augmented_anew(corpus):
    plain, cached = (
        clip_stream(spec(corpus, cache_decoded=cache, augmentation=AugmentationSpec()), seed=2)
        for cache in (False, True)
    )
    for _ in range(3):
        one, other = next(plain), next(cached)
        for name in one:
            np.testing.assert_array_equal(one[name], other[name])
    with pytest.raises(UserError, match=r"cache_decoded=True needs a sampling .* not 'sparse'; .*'middle'"):
        spec(corpus, cache_decoded=True, sampling="sparse")


def test_large_frames_are_reduced_while_they_are_decoded(tmp_path):
    frames = np.zeros((8, 96, 128, 3), np.uint8)
    frames[:, :, 64:] = 240
    CorpusWriter(tmp_path / "c", "c").write([[labelled(0, encode_mp4(frames, rate=8, crf=10), label=0)]])
    one = next(clip_stream(spec(str(tmp_path / "c"), batch_size=1, decode_side=32), seed=0))["frames"]
    assert one[0, :, :, :14].max() < 20 and one[0, :, :, 18:].min() > 220
    with pytest.raises(UserError, match=r"decode_side=16 is less than data.image_size=32"):
        spec("c", decode_side=16)


def test_labels_outside_the_classes_are_dropped_with_the_reason(corpus):
    stream = clip_stream(spec(corpus), seed=0, num_classes=2)
    assert next(stream)["label"].tolist() == [-1, 0, 1, -1]
    (counts,) = stream.report().values()
    assert "has the label 2, and there are 2 classes" in counts["reasons"]["c/0"]


def test_classes_of_corpora(corpus, tmp_path):
    video = sample_videos.numbered_video(24)
    for name, classes in {
        "same": CLASSES,
        "none": (),
        "order": (*CLASSES[:1], "zumba", "yoga"),
        "more": (*CLASSES, "x"),
    }.items():
        CorpusWriter(tmp_path / name, name, classes=classes).write([[labelled(0, video)]])
    folder = {name: str(tmp_path / name) for name in ("same", "none", "order", "more")}
    assert classes_of([corpus, folder["same"], folder["none"]]) == CLASSES and classes_of([folder["none"]]) == ()
    with pytest.raises(
        UserError, match=r"classes of .*order differ .* \(number 1 is 'zumba' instead of 'yoga'\); build both"
    ):
        classes_of([corpus, folder["order"]])
    with pytest.raises(UserError, match=r"\(4 instead of 3\)"):
        classes_of([corpus, folder["more"]])
    check_classes(CLASSES, list(CLASSES), "the checkpoint")
    with pytest.raises(UserError, match=r"differ from those of the checkpoint \(2 instead of 3\)"):
        check_classes(CLASSES[:2], CLASSES, "the checkpoint")


def make_views(corpus, views, number, **fields):
    record = Mixture(corpus_shares([corpus])).read(number)
    return ViewMaker(spec(corpus, **fields), views, num_classes=3)(record, np.random.default_rng(0))


def test_views(corpus):
    views = ViewSpec(clips=2, crops=3)
    first = make_views(corpus, views, 0, sampling="segments")
    assert first.frames.shape == (6, 4, 32, 32, 3) and first.label == 2
    assert [numbers(view) for view in first.frames[::3]] == [[0, 12, 24, 36], [6, 18, 30, 42]]
    # 48 x 64 becomes 32 x 42 (rounded down): crops start at 0, 5 and 10; the red patch is the left quarter.
    red = (first.frames[:3, 0, 2, :, 0] > 200).sum(axis=1)
    assert red.tolist() == [red[0], red[0] - 5, red[0] - 10] and 10 <= red[0] <= 11
    assert [make_views(corpus, views, number, sampling="segments").label for number in (1, 2)] == [0, 1]
    with pytest.raises(UserError, match=r"no video|not a video"):
        make_views(corpus, views, 3, sampling="segments")


def test_the_middle_of_validation_is_one_clip(corpus):
    middle = make_views(corpus, ViewSpec(clips=1, crops=1, place="middle"), 0, sampling="segments")
    assert numbers(middle.frames[0]) == [6, 18, 30, 42]
    with pytest.raises(UserError, match=r"place='middle' is a single clip; set views.clips to 1, not 4"):
        ViewSpec(place="middle")
    with pytest.raises(UserError, match=r"sampling='intervals' has 1 clip of a video, not views.clips=2"):
        ViewMaker(spec(corpus, sampling="intervals"), ViewSpec(clips=2))


def test_unknown_rules_are_errors(corpus):
    with pytest.raises(UserError, match=r"unknown sampling 'sparce', did you mean 'sparse'"):
        spec(corpus, sampling="sparce")
    assert Path(corpus).is_dir()
