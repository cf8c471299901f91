"""Transcribed speech generation: what is spoken, and when."""

import functools

from timesuite_jax.data.timepro.source_entry import TimedEvents
from timesuite_jax.data.timepro.tasks.event_list import read_events, starts_only, write_events
from timesuite_jax.data.timepro.tasks.task import Task, ask
from timesuite_jax.text import Turn

_QUESTIONS = (
    # Of the TimeIT release, character by character: those that name neither its source nor a number of segments.
    "Watch the provided video and transcribe the audio content. For each transcribed speech segment, note down its "
    "duration in the format: 'start time - end time, transcribed speech'.",
    "Transcribe the spoken words in the video and note down the timestamps for each segment. Your output should look "
    "like this: 'start time - end time, transcribed speech'.",
    "Watch the video, transcribe the speech, and indicate when each segment starts and ends. Follow this format: "
    "'start time - end time, transcribed speech'.",
    # Our own.
    "What is said in the video, and when? Write each sentence as 'start - end seconds, speech'.",
    "Write down all speech in the video, with the start and end of each segment in seconds.",
    "Make a transcript of the video with time stamps in seconds.",
)
_START_QUESTIONS = (
    "What is said in the video? Write each sentence as 'start seconds, speech'.",
    "Write down all speech in the video, with the second at which each segment starts.",
)
_NOTHING = "There is no speech in this video."


def _wordings(content: TimedEvents) -> list[Turn]:
    return ask(_START_QUESTIONS if starts_only(content) else _QUESTIONS, write_events(content, _NOTHING))


TASK = Task(
    "transcript of the speech, with times",
    "list",
    TimedEvents,
    _wordings,
    functools.partial(read_events, nothing=_NOTHING),
)
