"""MVBench: a JSON file a task, `action_sequence.json` and 19 others; a list of {video, question, candidates, answer}.

Five tasks are about a part of a video, `start` to `end` in seconds. The videos of a task are in a folder of their own,
since names occur in several. Those of `episodic_reasoning` are folders of JPEGs, three a second.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from timesuite_jax.data.choices.choice_question import ChoiceQuestion
from timesuite_jax.data.choices.options import read_options, text_index
from timesuite_jax.data.choices.rows import Found, parse_rows
from timesuite_jax.data.timepro.sources.cursor import BadField, Cursor

MVBENCH_FOLDERS = {
    "action_sequence": "star/Charades_v1_480",
    "action_prediction": "star/Charades_v1_480",
    "action_antonym": "ssv2_video",
    "fine_grained_action": "Moments_in_Time_Raw/videos",
    "unexpected_action": "FunQA_test/test",
    "object_existence": "clevrer/video_validation",
    "object_interaction": "star/Charades_v1_480",
    "object_shuffle": "perception/videos",
    "moving_direction": "clevrer/video_validation",
    "action_localization": "sta/sta_video",
    "scene_transition": "scene_qa/video",
    "action_count": "perception/videos",
    "moving_count": "clevrer/video_validation",
    "moving_attribute": "clevrer/video_validation",
    "state_change": "perception/videos",
    "fine_grained_pose": "nturgbd",
    "character_order": "perception/videos",
    "egocentric_navigation": "vlnqa",
    "episodic_reasoning": "tvqa/frames_fps3_hq",
    "counterfactual_inference": "clevrer/video_validation",
}
"""Folder of the videos of each task, in the release."""
_CLIPS = ("action_sequence", "action_prediction", "object_interaction", "action_localization", "episodic_reasoning")


def read_mvbench(files: Sequence[Path]) -> Iterator[Found]:
    """Yields the questions.

    Raises:
      UserError: a file cannot be read.
    """
    yield from parse_rows(files, _parse)


def _parse(row: Cursor, file: Path) -> Iterator[ChoiceQuestion]:
    task = file.stem
    if task not in MVBENCH_FOLDERS:
        raise BadField(row.location, f"is in a file {file.name}, which is no task; keep the names of the release")
    options = read_options(row.field("candidates"))
    clip = (row.field("start").number(), row.field("end").number()) if task in _CLIPS else None
    yield ChoiceQuestion(
        f"{task}{row.location}",
        f"{MVBENCH_FOLDERS[task]}/{row.field('video').name()}",
        row.field("question").text(),
        options,
        text_index(row.field("answer"), options),
        (task,),
        clip,
    )
