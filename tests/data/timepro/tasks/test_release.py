"""Questions and answers of the TimeIT release, which are written again from what is read of them.

The whole files are not in this repository: `pytest -m nightly --annotations FOLDER tests/data/timepro/tasks` reads them
in the release's folder.
"""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from timesuite_jax.data.sources import ReadOptions, read_source
from timesuite_jax.data.timepro import TASKS, annotate
from timesuite_jax.data.timepro.source_entry import GroundedQuery, Highlights, SourceEntry, TimedEvent, TimedEvents
from timesuite_jax.text import Turn

EVENTS, STEPS = "dense_video_captioning", "step_localization"
# task, question (None: it names its source), answer, content
ROWS = [
    (
        "temporal_video_grounding",
        "The given natural language query 'a person is putting a book on a shelf' is semantically  aligned with a "
        "video moment, please give the start time and end time of the video moment.",
        "The given query happens in 0.0 - 6.9 seconds.",
        GroundedQuery("a person is putting a book on a shelf", ((0.0, 6.9),)),
    ),
    (
        EVENTS,
        "Detect and report the start timestamp of activity events in the video, along with descriptions.",
        "7.7 seconds, Intro.  123.0 seconds, Preparing pan.  147.1 seconds, Adding shrimp.",
        TimedEvents(
            (
                TimedEvent(7.7, None, "Intro"),
                TimedEvent(123.0, None, "Preparing pan"),
                TimedEvent(147.1, None, "Adding shrimp"),
            )
        ),
    ),
    (
        EVENTS,
        "Localize a series of activity events in the video, output the start and end timestamp for each event, and "
        "describe each event with sentences. The output format of each predicted event should be like: start - end "
        "seconds, event description. An specific example is : 90.0 - 102.0 seconds, spread margarine on two slices of "
        "white bread in the video.",
        "67.0 - 102.0 seconds, grill the  patties.  108.0 - 116.0 seconds, cook the kebabs on a grill.",
        TimedEvents(
            (TimedEvent(67.0, 102.0, "grill the  patties"), TimedEvent(108.0, 116.0, "cook the kebabs on a grill"))
        ),
    ),
    (
        STEPS,
        "Locate and describe a series of actions or steps in the video, including their start and end timestamps.",
        "0.0 - 8.0 seconds, take out net cloth.  8.0 - 29.0 seconds, tie up with knots .",
        TimedEvents((TimedEvent(0.0, 8.0, "take out net cloth"), TimedEvent(8.0, 29.0, "tie up with knots "))),
    ),
    (
        "video_summarization",
        None,
        "The highlight timestamps are in the 9.6, 13.8, 31.2 seconds. Their saliency scores are 2.9, 4.7, 1.3.",
        Highlights("", (9.6, 13.8, 31.2), (2.9, 4.7, 1.3)),
    ),
    (
        "temporal_grounded_caption",  # of a figure of the paper
        "What time is 'a title' happen? Please describe in detail the video content during the period.",
        "The given query happens between 35 - 49 seconds. A detailed caption.",
        GroundedQuery("a title", ((35.0, 49.0),), "A detailed caption."),
    ),
]


@pytest.mark.parametrize(("task", "question", "answer", "content"), ROWS)
def test_rows_of_the_release(task, question, answer, content):
    turns = TASKS[task].wordings(content)
    assert {turn.answer for turn in turns} == {answer}
    assert question is None or Turn(question, answer) in turns
    read = TASKS[task].parse(answer)
    assert TASKS[task].wordings(read)[0].answer == answer


# File, task, rows, and rows whose answer is written differently: the release has two decimals (Charades) or several
# full stops (ViTT). The space at the end of every answer about YouCook2 is ignored.
FILES = [
    ("temporal_video_grounding/charades/instruct_tvg_12.4k_charades.json", "temporal_video_grounding", 12408, 2),
    ("temporal_video_grounding/hirest/instruct_tvg_0.5k_hirest.json", "temporal_video_grounding", 459, 0),
    ("dense_video_captioning/vitt/instruct_dvc_5.1k_vitt.json", EVENTS, 5141, 5),
    ("dense_video_captioning/youcook2/instruct_dvc_1.2k_youcook2.json", EVENTS, 1192, 0),
    ("step_localization/coin/instruct_action_9.0k_coin.json", STEPS, 9029, 0),
    ("step_localization/hirest_step/instruct_action_0.5k_hirest.json", STEPS, 459, 0),
    ("video_summarization/summe/instruct_vhd_25_summe.json", "video_summarization", 25, 0),
    ("video_summarization/tvsum/instruct_vhd_50_tvsum.json", "video_summarization", 50, 0),
]


@pytest.fixture
def folder(request) -> Path:
    found = request.config.getoption("--annotations")
    if found is None:
        pytest.skip("no folder of published annotation files (--annotations)")
    return found


@pytest.mark.nightly
@pytest.mark.parametrize(("name", "task", "count", "different"), FILES)
def test_files_of_the_release(name, task, count, different, folder):
    rows = [row["QA"][0] for row in json.loads((folder / name).read_text(encoding="utf-8"))]
    contents = [TASKS[task].parse(row["a"]) for row in rows]
    assert len(rows) == count and None not in contents
    written = [TASKS[task].wordings(content)[0].answer for content in contents]
    assert sum(answer != row["a"].rstrip() for answer, row in zip(written, rows, strict=True)) == different


def answers(folder: Path, source: str, task: str, release: str) -> tuple[Counter, Counter]:
    """Answers of our questions about the videos of a source, and of the release's, counted."""
    entries = [
        one for one in read_source(folder / source, options=ReadOptions(task=task)) if isinstance(one, SourceEntry)
    ]
    ours = Counter(annotate(one, seed=0).turns[0].answer for one in entries)
    rows = json.loads((folder / release).read_text(encoding="utf-8"))
    return ours, Counter(row["QA"][0]["a"] for row in rows)


@pytest.mark.nightly
def test_answers_from_published_annotations_are_those_of_the_release(folder):
    source = "temporal_video_grounding/charades/charades_annotation/charades_sta_train.txt"
    ours, theirs = answers(folder, source, FILES[0][1], FILES[0][0])
    assert sum((theirs - ours).values()) == 2 and theirs["The given query happens in 0.0 - 3.18 seconds."] == 2
    ours, theirs = answers(folder, "step_localization/hirest_step/splits/all_data_train.json", STEPS, FILES[5][0])
    # The release keeps all spaces of its source, also before full stops, and has the clips that could be downloaded.
    assert not spaceless(theirs) - spaceless(ours)


def spaceless(counts: Counter) -> Counter:
    return Counter(re.sub(r"\s", "", answer) for answer in counts.elements())
