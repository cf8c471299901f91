"""Reads the published annotation files in full: `pytest -m nightly --annotations FOLDER tests/data/timepro/sources`.

FOLDER has them in the layout of the TimeIT release.
"""

from collections import Counter
from pathlib import Path

import pytest

from timesuite_jax.data.sources import (
    TIMEPRO,
    ReadOptions,
    Skipped,
    annotate_source,
    detect_format,
    read_source,
)
from timesuite_jax.data.timepro.source_entry import Highlights, TimedEvents
from timesuite_jax.errors import UserError

pytestmark = pytest.mark.nightly

GROUNDING, DENSE, STEPS = "temporal_video_grounding", "dense_video_captioning", "step_localization"
HIGHLIGHTS, SUMMARIES = "highlight_detection", "video_summarization"

_CHARADES = "temporal_video_grounding/charades"
_ANET = "dense_video_captioning/anet"
_QVHIGHLIGHTS = "video_highlight_detection/qvhighlights"
_HIREST = "step_localization/hirest_step"

# File, format, task, samples, other rows.
SOURCES = [
    (f"{_CHARADES}/charades_annotation/charades_sta_train.txt", "charades_sta", GROUNDING, 12_408, 0),
    (f"{_CHARADES}/charades_annotation/charades_sta_test.txt", "charades_sta", GROUNDING, 3_720, 0),
    (f"{_CHARADES}/charades_annotation/train.caption_coco_format.json", "charades_sta_coco", GROUNDING, 12_408, 0),
    (f"{_CHARADES}/charades_annotation/test.caption_coco_format.json", "charades_sta_coco", GROUNDING, 3_720, 0),
    (f"{_ANET}/train.caption_coco_format.json", "activitynet_captions_coco", DENSE, 10_009, 0),
    (f"{_ANET}/val.caption_coco_format.json", "activitynet_captions_coco", DENSE, 4_909, 0),
    (f"{_ANET}/test.caption_coco_format.json", "activitynet_captions_coco", DENSE, 4_878, 0),
    (f"{_ANET}/val.caption_coco_format.json", "activitynet_captions_coco", GROUNDING, 17_467, 0),
    ("dense_video_captioning/youcook2/val.caption_coco_format.json", "youcook2_coco", DENSE, 415, 0),
    (f"{_QVHIGHLIGHTS}/annotations_raw/highlight_train_release.jsonl", "qvhighlights", HIGHLIGHTS, 7_218, 0),
    (f"{_QVHIGHLIGHTS}/annotations_raw/highlight_val_release.jsonl", "qvhighlights", HIGHLIGHTS, 1_550, 0),
    (f"{_QVHIGHLIGHTS}/annotations_raw/highlight_test_with_gt.jsonl", "qvhighlights", HIGHLIGHTS, 1_542, 0),
    (f"{_QVHIGHLIGHTS}/annotations_raw/highlight_test_with_gt.jsonl", "qvhighlights", GROUNDING, 1_542, 0),
    (f"{_QVHIGHLIGHTS}/annotations_raw/highlight_test_release.jsonl", "qvhighlights", GROUNDING, 0, 1_542),
    (f"{_QVHIGHLIGHTS}/val.caption_coco_format.json", "qvhighlights_coco", HIGHLIGHTS, 1_463, 0),
    (f"{_HIREST}/splits/all_data_train.json", "hirest", GROUNDING, 865, 642),
    (f"{_HIREST}/splits/all_data_val.json", "hirest", GROUNDING, 193, 284),
    (f"{_HIREST}/splits/all_data_test.json", "hirest", GROUNDING, 0, 1_391),
    (f"{_HIREST}/splits/all_data_test_negative_samples.json", "hirest", GROUNDING, 0, 2_891),
    (f"{_HIREST}/annotations/all_data_val.json", "hirest", GROUNDING, 193, 284),
]
READY_MADE = [
    (f"{_CHARADES}/instruct_tvg_12.4k_charades.json", GROUNDING, 12_408),
    ("temporal_video_grounding/hirest/instruct_tvg_0.5k_hirest.json", GROUNDING, 459),
    ("step_localization/coin/instruct_action_9.0k_coin.json", STEPS, 9_029),
    (f"{_HIREST}/instruct_action_0.5k_hirest.json", STEPS, 459),
    ("dense_video_captioning/vitt/instruct_dvc_5.1k_vitt.json", DENSE, 5_141),
    ("dense_video_captioning/youcook2/instruct_dvc_1.2k_youcook2.json", DENSE, 1_192),
    ("video_summarization/tvsum/instruct_vhd_50_tvsum.json", SUMMARIES, 50),
    ("video_summarization/tvsum/instruct_vhd_50_tvsum_15asr.json", SUMMARIES, 50),
    ("video_summarization/summe/instruct_vhd_25_summe.json", SUMMARIES, 25),
    ("video_summarization/summe/instruct_vhd_25_summe_15asr.json", SUMMARIES, 25),
]
# HiREST: queries, videos, moments (true ones and the placeholders of the test split), steps.
HIREST = {"train": (546, 1_507, 865, 4_145), "val": (292, 477, 193, 606), "test": (546, 1_391, 776, 0)}


@pytest.fixture(scope="module")
def folder(request):
    found = request.config.getoption("--annotations")
    if found is None:
        pytest.skip("no folder of published annotation files (--annotations)")
    return found


@pytest.mark.parametrize(("file", "name", "task", "samples", "skipped"), SOURCES)
def test_sources(folder, file, name, task, samples, skipped):
    if samples:
        made = annotate_source(folder / file, options=ReadOptions(task))
        assert (made.format, len(made.annotations), len(made.skipped)) == (name, samples, skipped)
        assert all(one.turns[0].answer for one in made.annotations)
        return
    found = list(read_source(folder / file, name, ReadOptions(task)))
    assert len(found) == skipped and all(isinstance(one, Skipped) for one in found)
    with pytest.raises(UserError, match="has no samples: "):
        annotate_source(folder / file, options=ReadOptions(task))


@pytest.mark.parametrize(("file", "task", "records"), READY_MADE)
def test_ready_made(folder, file, task, records):
    made = annotate_source(folder / file, options=ReadOptions(task))
    assert made.format == TIMEPRO and len(made.annotations) == records and not made.skipped


@pytest.mark.parametrize("split", HIREST)
def test_hirest(folder, split):
    found = list(read_source(folder / _HIREST / f"splits/all_data_{split}.json", options=ReadOptions(STEPS)))
    queries = {one.location.split("]['")[0] for one in found}
    reasons = Counter(one.reason for one in found if isinstance(one, Skipped))
    samples = [one for one in found if not isinstance(one, Skipped)]
    without_moment = reasons.pop("the video has no annotated moment")
    contents = [one.content for one in samples]
    steps = sum(len(content.events) for content in contents if isinstance(content, TimedEvents))
    assert (len(queries), len(found), len(found) - without_moment, steps) == HIREST[split]
    assert set(reasons) <= {"the moment has no annotated steps", "bounds [0, 1] are a placeholder of the test split"}


def test_the_two_forms_of_charades_and_qvhighlights_agree(folder):
    one = read_source(folder / _CHARADES / "charades_annotation/charades_sta_test.txt")
    two = read_source(folder / _CHARADES / "charades_annotation/test.caption_coco_format.json")
    assert [found.content for found in one] == [found.content for found in two]
    raw = list(read_source(folder / _QVHIGHLIGHTS / "annotations_raw/highlight_val_release.jsonl"))
    coco = list(read_source(folder / _QVHIGHLIGHTS / "val.caption_coco_format.json"))
    contents = {(found.video, found.content.query): found.content for found in raw}
    for found in coco:
        assert isinstance(found.content, Highlights)
        assert contents[found.video.removeprefix("v_").removesuffix(".mp4"), found.content.query] == found.content


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("broken_stubs/instruct_dvc_10.0k_anet.json", "text of a symbolic link; download the file itself"),
        ("broken_stubs/instruct_tvg_33.0k_didemo.json", "text of a symbolic link; download the file itself"),
        (f"{_HIREST}/annotations/all_data_train.json", r"is not JSON \(Expecting value: line 1 column 412"),
        ("video_summarization/video_summarization_instructions.json", "has none of the known formats"),
        ("predictions/tvg_example_predictions.json", "has none of the known formats"),
        ("predictions/dvc_example_predictions.json", "has none of the known formats"),
        ("predictions/vhd_example_predictions.json", "has none of the known formats"),
    ],
)
def test_broken_and_other_files(folder: Path, file, message):
    with pytest.raises(UserError, match=message):
        detect_format(folder / file)
