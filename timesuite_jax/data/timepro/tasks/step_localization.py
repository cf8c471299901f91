"""Step localization and captioning: all steps of a procedure with their times."""

from timesuite_jax.data.timepro.tasks.event_list import event_list_task

_QUESTIONS = (
    # Of the TimeIT release, character by character.
    "Localize a series of action steps in the given video, output a start and end timestamp for each step, and briefly "
    "describe the step.",
    "Locate and describe a series of actions or steps in the video, including their start and end timestamps.",
    "Identify and mark the video segments corresponding to a series of actions or steps, specifying the timestamps and "
    "describing the steps.",
    "Find, identify, and determine the temporal boundaries of a series of distinct actions or steps occurring "
    "throughout the video. For each action, output the corresponding start and end timestamps, accompanied by a "
    "concise description.",
    "Identify and localize a series of steps or actions occurring in the video, providing start and end timestamps and "
    "related descriptions.",
    "Locate and pinpoint a sequential series of specific actions or steps in the video, accurately specifying the "
    "start and end timestamps for each action. Additionally, provide a succinct description of each action.",
    # Our own.
    "Which steps does the video show? Give the start and end of each in seconds.",
    "Write the procedure in the video as a list of steps: 'start - end seconds, step'.",
    "Break the task in this video down into its steps, with the time of each in seconds.",
)
_START_QUESTIONS = (
    "Which steps does the video show? Give the second at which each starts.",
    "Write the procedure in the video as a list of steps: 'start seconds, step'.",
    "Break the task in this video down into its steps, with the start of each in seconds.",
)

TASK = event_list_task(
    "all steps of a procedure with their times", _QUESTIONS, _START_QUESTIONS, "There are no steps in this video."
)
