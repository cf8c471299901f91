"""Video summarisation: moments that summarise a video, with their saliency."""

from timesuite_jax.data.timepro.source_entry import Highlights
from timesuite_jax.data.timepro.tasks.highlight_list import read_highlights, write_highlights
from timesuite_jax.data.timepro.tasks.task import Task, ask
from timesuite_jax.text import Turn

# All our own: the release's name their source ("from tvsum dataset"). None names a scale, which depends on the source.
_QUESTIONS = (
    "Summarise the video by its most important moments. List their times in seconds, and a saliency score for each.",
    "Which moments of the video are its highlights? Give their seconds, and rate the saliency of each.",
    "Select the frames that represent the video best. List their timestamps in seconds and how salient they are.",
    "What should not be left out of a short version of this video? List the seconds and their saliency scores.",
    "Find the key moments of the video, and report when they are in seconds and how important each is.",
    "Give the timestamps of the most interesting moments in the video, with a saliency score for each of them.",
)


def _wordings(content: Highlights) -> list[Turn]:
    return ask(_QUESTIONS, write_highlights(content))


TASK = Task("moments that summarise the video, with saliency", "moments", Highlights, _wordings, read_highlights)
