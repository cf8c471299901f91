"""Keys of questions in files of predictions: ids, and "video>>>query>>>span", which is split and never evaluated."""

import re

SEPARATOR = ">>>"
_EXTENSION = re.compile(r"\.(?:mp4|mkv|avi|webm|mov)$", re.IGNORECASE)


def video_name(text: str) -> str:
    """Returns the name of a video without folders and extension."""
    return without_extension(str(text).split("/")[-1])


def without_extension(text: str) -> str:
    """Returns the path of a video without its extension."""
    return _EXTENSION.sub("", text)


def question_key(video: str, query: str) -> tuple[str, str]:
    """Returns a key that does not depend on the extension of the video, or case and punctuation at the query's end."""
    return video_name(video), " ".join(str(query).lower().split()).rstrip(" .")


def split_key(key: str) -> tuple[tuple[str, str], tuple[float, ...]] | None:
    """Returns the question and the numbers of the span of a key of lmms-eval or TimeLens; None for another key."""
    parts = key.split(SEPARATOR)
    if len(parts) != 3:
        return None
    return question_key(parts[0], parts[1]), tuple(float(number) for number in re.findall(r"\d+(?:\.\d+)?", parts[2]))
