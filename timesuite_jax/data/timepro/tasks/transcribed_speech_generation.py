"""Transcribed speech generation: what is spoken, and when."""

from timesuite_jax.data.timepro.tasks.event_list import event_list_task

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

TASK = event_list_task(
    "transcript of the speech, with times", _QUESTIONS, _START_QUESTIONS, "There is no speech in this video."
)
