"""All tasks by name: the nine of TimePro (TimeSuite, figure 3), and those without times that are mixed with them."""

from collections.abc import Mapping
from typing import Any

from timesuite_jax.data.timepro.tasks import (
    dense_video_captioning,
    highlight_detection,
    multi_format_temporal_grounding,
    reasoning_temporal_localization,
    step_localization,
    temporal_grounded_caption,
    temporal_video_grounding,
    transcribed_speech_generation,
    video_summarization,
)
from timesuite_jax.data.timepro.tasks.task import Task

TASKS: Mapping[str, Task[Any]] = {
    "temporal_video_grounding": temporal_video_grounding.TASK,
    "multi_format_temporal_grounding": multi_format_temporal_grounding.TASK,
    "reasoning_temporal_localization": reasoning_temporal_localization.TASK,
    "temporal_grounded_caption": temporal_grounded_caption.TASK,
    "dense_video_captioning": dense_video_captioning.TASK,
    "step_localization": step_localization.TASK,
    "highlight_detection": highlight_detection.TASK,
    "video_summarization": video_summarization.TASK,
    "transcribed_speech_generation": transcribed_speech_generation.TASK,
    # Only dialogues, whose questions and answers the source has written out.
    "conversation": Task("a conversation about a video, without times", "none"),
    "caption": Task("description of a video, without times", "none"),
    "question_answering": Task("short answers, without times", "none"),
}
