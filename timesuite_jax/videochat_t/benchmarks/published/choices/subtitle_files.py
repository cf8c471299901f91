"""Files of subtitles beside the videos of a benchmark."""

from pathlib import Path, PurePosixPath

from etils import epath

from timesuite_jax.data.choices.choice_question import ChoiceQuestion
from timesuite_jax.data.choices.subtitles import read_subtitles
from timesuite_jax.storage.files_below import files_below
from timesuite_jax.videochat_t.answering.subtitle_prompt import SubtitlePrompt
from timesuite_jax.videochat_t.benchmarks.published.choices.choice_set import SubtitleWording

_SUFFIXES = (".srt", ".json")


class SubtitleFiles:
    """Finds subtitles by the file names that questions have, in a folder and those within it.

    Args:
      root: the folder.
    """

    def __init__(self, root: Path) -> None:
        below = sorted(path for path in files_below(epath.Path(root)) if path.lower().endswith(_SUFFIXES))
        self._files = {PurePosixPath(path).name: root / path for path in reversed(below)}

    def find(self, question: ChoiceQuestion) -> Path | None:
        """Returns the file of a question; None if its video has no subtitles."""
        return self._files.get(PurePosixPath(question.subtitles).name)

    def prompt(self, question: ChoiceQuestion, wording: SubtitleWording | None) -> SubtitlePrompt | None:
        """Returns the subtitles of a question as a part of its prompt; None if its video has none.

        Raises:
          UserError: the file cannot be read.
        """
        file = self.find(question)
        if file is None or wording is None:
            return None
        subtitles = read_subtitles(file, question.first_second)
        return SubtitlePrompt(subtitles, wording.rule, wording.tokens, wording.heading, wording.opening)
