"""Prompts of upstream's evaluations, character by character (including typing errors), and their example answers.

Source: the first lines of upstream's `prompts/*.txt`. Leading and trailing full stops of a query are stripped.
"""

_GROUNDING = (
    "You are given a video from the {} dataset. Please find the visual event described by a sentence in the video, "
    "determining its starting and ending times. The format should be: 'The event happens in the start time - end "
    "time'. For example, The event 'person turn a light on' happens in the 24.3 - 30.4 seonds. Now I will give you "
    "the textual sentence: {}. Please return its start time and end time."
)
_HIGHLIGHT = (
    "You are given a video from the {} dataset. Please find the highlight contents in the video described by a "
    "sentence query, determining the highlight timestamps and its saliency score on a scale from 1 to 5. The output"
    " format should be like: 'The highlight timestamps are in the 52, 54, 56, 58 seconds. Their saliency scores are"
    " 3.0, 3.0, 3.0, 3.0'. Now I will give you the sentence query: {}. Please return the query-based highlight "
    "timestamps and salient scores."
)

DENSE_CAPTION = (
    "Localize a series of activity events in the video, output the start and end timestamp for each event, and "
    "describe each event with sentences. The output format of each predicted event should be like: 'start - end "
    "seconds, event description'. A specific example is : ' 90 - 102 seconds, spread margarine on two slices of "
    "white bread in the video' ."
)

EXAMPLE_ANSWERS = (
    "for example, the event 'person turn a light on' happens in the 24.3 - 30.4 seonds.",
    "a specific example is : 20.8 - 30.0 seconds",
    "' 90 - 102 seconds, spread margarine on two slices of white bread in the video'",
    "90.0 - 102.0 seconds, spread margarine on two slices of white bread in the video.",
    "'the highlight timestamps are in the 52, 54, 56, 58 seconds. their saliency scores are 3.0, 3.0, 3.0, 3.0'",
)
"""Examples in the prompts, in lower case; a model that repeats one has not answered."""


def grounding_question(query: str, dataset: str = "charades") -> str:
    """Returns upstream's zero-shot prompt for the start and end of the event that `query` describes."""
    return _GROUNDING.format(dataset, query.strip("."))


def highlight_question(query: str, dataset: str = "qvhighlights") -> str:
    """Returns upstream's zero-shot prompt for highlight timestamps and their saliency scores."""
    return _HIGHLIGHT.format(dataset, query.strip("."))
