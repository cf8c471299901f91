"""The spans of an answer as a file for players and editors."""

from etils import epath

from timesuite_jax import edit_lists
from timesuite_jax.edit_lists import EditList
from timesuite_jax.registry.capabilities import VideoAnswer
from timesuite_jax.storage.staging import local_copy


def answer_excerpts(answer: VideoAnswer, video: epath.PathLike) -> EditList:
    """The frames of an answer's spans, with what it states about them, or else the question.

    Args:
      answer: about the video.
      video: its file.

    Raises:
      VideoError: the video cannot be read.
    """
    return edit_lists.make_edit_list(
        edit_lists.read_source(local_copy(video), str(video)),
        answer.spans,
        [caption or answer.question for caption in answer.captions],
        title=answer.question,
        clock=answer.clock,
    )
