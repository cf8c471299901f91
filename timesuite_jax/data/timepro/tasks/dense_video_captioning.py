"""Dense video captioning: all events of a video with their times, or their starts where a source has no ends."""

from timesuite_jax.data.timepro.tasks.event_list import event_list_task

_QUESTIONS = (
    # Of the TimeIT release, character by character; the last is its question about YouCook2.
    "Localize a series of activity events in the video, output the start and end timestamp for each event, and "
    "describe each event with sentences. The output format of each predicted event should be like: 'start - end "
    "seconds, event description'. A specific example is: ' 90 - 102 seconds, spread margarine on two slices of white "
    "bread in the video'.",
    "Determine the start and end times of various activity events in the video, accompanied by descriptions.",
    "Capture and describe the activity events in the given video, specifying their respective time intervals, and "
    "outputting the time intervals in the 'start - end seconds format'.",
    "Identify, timestamp, and describe various activity events occurring in the video. The timestamp should include "
    "the start time and end time in seconds.",
    "Detect and report the start and end timestamps of activity events in the video, along with descriptions.",
    "Pinpoint the time intervals of activity events in the video, and provide detailed descriptions for each event.",
    "Localize a series of activity events in the video, output the start and end timestamp for each event, and "
    "describe each event with sentences. The output format of each predicted event should be like: start - end "
    "seconds, event description. An specific example is : 90.0 - 102.0 seconds, spread margarine on two slices of "
    "white bread in the video.",
    # Our own.
    "List everything that happens in the video, each event with its start and end in seconds.",
    "What happens in the video, and when? Write each event as 'start - end seconds, description'.",
    "Divide the video into events. Give the time of each in seconds and describe it.",
)
_START_QUESTIONS = (
    # Of the release, about ViTT, which has no ends.
    "Localize a series of activity events in the video, output the start time for each event, and describe each event "
    "with sentences. The output format of each predicted event should be like: 'start seconds, event description'. A "
    "specific example is: ' 90 - 102 seconds, spread margarine on two slices of white bread in the video'.",
    "Determine the start time of various activity events in the video, accompanied by descriptions.",
    "Capture and describe the activity events in the given video, specifying their respective time intervals, and "
    "outputting the time intervals in the 'start seconds'.",
    "Identify, timestamp, and describe various activity events occurring in the video. The timestamp should include "
    "the start time in seconds.",
    "Detect and report the start timestamp of activity events in the video, along with descriptions.",
    _QUESTIONS[5],
    # Our own.
    "List everything that happens in the video, each event with the second at which it starts.",
    "What happens in the video? Write each event as 'start seconds, description'.",
    "Divide the video into chapters: the start of each in seconds, and its title.",
)

TASK = event_list_task(
    "all events with their times", _QUESTIONS, _START_QUESTIONS, "There are no events in this video."
)
