"""The description of a multiple-choice benchmark: what is asked, how answers are read, and what is scored."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from timesuite_jax.data.choices.choice_question import LETTERS, ChoiceQuestion
from timesuite_jax.data.choices.rows import Found
from timesuite_jax.text import ConversationLayout
from timesuite_jax.videochat_t.answering.requirements import Requirements
from timesuite_jax.videochat_t.answering.subtitle_prompt import SubtitleRule

_HEADING_TOKENS = 64  # of the text before subtitles


@dataclass(frozen=True)
class SubtitleWording:
    """How a protocol shows subtitles; see `SubtitlePrompt`.

    Attributes:
      layout: of the conversation where there are subtitles; that of the question if not given.
    """

    rule: SubtitleRule
    tokens: int
    heading: str = ""
    opening: bool = False
    layout: ConversationLayout | None = None

    @property
    def extra_tokens(self) -> int:
        """Tokens that they may add to a prompt."""
        return self.tokens + _HEADING_TOKENS


@dataclass(frozen=True)
class ChoiceWording:
    """How a protocol asks and reads.

    Attributes:
      template: question, with the placeholders `{question}` and `{options}`.
      reader: name of the rule by which answers are read, in `choice_answers.CHOICE_READERS`.
      option: an option, with the placeholders `{letter}` and `{text}`; options are lines.
      layout: of the conversation; that of the protocol if not given.
      answer_prompt: start of the answer that is given to the model.
      answer_tokens: maximum length of an answer; None for that of the config or of the protocol.
      video_times: whether time stamps of a clip count from the start of its video.
      each_second: whether frames are shown as in the original's Video-MME, see `Requirements`.
      subtitles: how they are shown; None for none.
    """

    template: str
    reader: str
    option: str = "({letter}) {text}"
    layout: ConversationLayout | None = None
    answer_prompt: str = ""
    answer_tokens: int | None = None
    video_times: bool = False
    each_second: bool = False
    subtitles: SubtitleWording | None = None

    @property
    def requirements(self) -> Requirements:
        """What it changes of how a protocol makes inputs and answers."""
        extra = self.subtitles.extra_tokens if self.subtitles else 0
        return Requirements(self.answer_tokens, extra, self.each_second)

    def layout_of(self, *, subtitled: bool) -> ConversationLayout | None:
        """Returns the layout of a question with or without subtitles; None for that of the protocol."""
        return (self.subtitles.layout if subtitled and self.subtitles else None) or self.layout

    def question(self, asked: ChoiceQuestion) -> str:
        """Returns the question with its options."""
        lines = [
            self.option.replace("{letter}", letter).replace("{text}", text)
            for letter, text in zip(LETTERS, asked.options, strict=False)
        ]
        # The options last: a question may have braces of its own.
        before, _, after = self.template.partition("{options}")
        return before.replace("{question}", asked.question) + "\n".join(lines) + after


INSTRUCTION = (
    "Carefully watch the video and pay attention to the cause and sequence of events, the detail and movement of "
    "objects, and the action and pose of persons. Based on your observations, select the best option that accurately "
    "addresses the question.\n"
)
"""The original's system prompt of multiple-choice benchmarks."""

SUBTITLES_HEADING = "This video's subtitles are listed below:"
_QUESTION = "Question: {question}\nOptions:\n{options}\nOnly give the best option."
DEFAULT = ChoiceWording(_QUESTION, "choice")
"""A question in the form of the training data, and our rule for answers."""

DEFAULT_SUBTITLED = replace(DEFAULT, subtitles=SubtitleWording("at_frames", 2048, f"{SUBTITLES_HEADING}\n"))
"""The same, after the subtitles at the frames."""

LETTER_ONLY = ChoiceWording(
    "{question}\n{options}\nAnswer with the option's letter from the given choices directly.",
    "first_capital",
    option="{letter}. {text}",
)
"""The wording of VLMEvalKit and lmms-eval."""


def original_wording(
    reader: str,
    *,
    repeat: bool,
    answer_tokens: int,
    video_times: bool = False,
    each_second: bool = False,
    instruction: str = INSTRUCTION,
    subtitles: SubtitleWording | None = None,
) -> ChoiceWording:
    """Returns the wording of the original's evaluation (eval/eval_qa_tasks.ipynb).

    Args:
      reader: rule for answers.
      repeat: whether the instruction is repeated before the question.
      answer_tokens: maximum length of an answer.
      video_times: whether time stamps of a clip count from the start of its video.
      each_second: whether frames are chosen from one a second.
      instruction: its system prompt.
      subtitles: how they are shown.
    """
    return ChoiceWording(
        instruction + _QUESTION if repeat else _QUESTION,
        reader,
        layout=ConversationLayout(
            name="original_choice",
            opening=f"{instruction}[INST]{{video}} [/INST]",
            first_question=" [INST]{times}{question} [/INST]",
        ),
        answer_prompt="Best option:(",
        answer_tokens=answer_tokens,
        video_times=video_times,
        each_second=each_second,
        subtitles=subtitles,
    )


@dataclass(frozen=True)
class ChoiceSet:
    """A multiple-choice benchmark.

    Attributes:
      name: for `--benchmark`.
      read: yields the questions of the annotation files.
      paper: questions and reading of the original's evaluation, or of the one that its scores are known from.
      default: those that the model is trained for.
      sizes: number of questions of each official split; empty if unknown.
      grouped: whether questions are scored in groups, too, see `group_scores`.
      task_mean: whether the mean of the accuracies of the categories is scored, too.
    """

    name: str
    read: Callable[[Sequence[Path]], Iterable[Found]]
    paper: ChoiceWording
    default: ChoiceWording = DEFAULT
    sizes: Mapping[str, int] = field(default_factory=dict)
    grouped: bool = False
    task_mean: bool = False
