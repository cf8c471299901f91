"""Renders conversations about a video as text.

Follows upstream's `process_qa` (dataset/it_dataset_mistral.py) for training and its eval_infer.py for evaluation. The
order of the parts is data (`ConversationLayout`): the training text, the evaluation prompt and new layouts are the same
code with different templates.

The text is split at the video: the first part ends in "<Video>", the second begins with "</Video>", and the visual
tokens are inserted between them. Each part is tokenized separately.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from timesuite_jax.errors import UserError


@dataclass(frozen=True)
class Turn:
    """A question and its answer.

    Attributes:
      question: may be empty (captions).
      answer: None for the turn that the model is to answer.
      instruction: upstream's "i"; used of the first turn only, placed before everything else.
    """

    question: str
    answer: str | None = None
    instruction: str = ""


@dataclass(frozen=True)
class ConversationLayout:
    """Templates of the parts of a conversation.

    Placeholders are {system}, {instruction}, {video}, {times}, {question} and {answer}. Non-empty values are prefixed
    with a space and empty ones leave no trace, so "[INST]{video}{times} [/INST]" covers both cases.

    Attributes:
      opening: text up to and including the video.
      first_question: first question, after the opening (omitted if the question is empty).
      question: all later questions.
      answer: an answer and its end token.
      system: value of {system}.
    """

    name: str
    opening: str
    first_question: str
    question: str = " [INST]{question} [/INST]"
    answer: str = "{answer} </s>"
    system: str = ""

    @property
    def turns_alike(self) -> bool:
        """Whether first and later turns have the same template, so that turns can be independent."""
        return self.first_question == self.question


TRAINING = ConversationLayout(
    name="training",
    opening="{system}{instruction} [INST]{video}{times} [/INST]",
    first_question=" [INST]{question} [/INST]",
)
"""Upstream's training text; the default everywhere, so that prompts at inference match the training data."""

EVALUATION = ConversationLayout(
    name="evaluation",
    opening="{system}{instruction} [INST]{video} [/INST]",
    first_question=" [INST]{times}{question} [/INST]",
    system=(
        "You are able to understand the visual content that the user provides. "
        "Follow the instructions carefully and explain your answers in detail."
    ),
)
"""Upstream's prompt of eval_infer.py: a system prompt, and the timestamps in the second [INST]."""

LAYOUTS = {layout.name: layout for layout in (TRAINING, EVALUATION)}

_MARKERS = ("[INST]", "[/INST]", "</Video>", "</Image>", "<s>", "</s>")


class Rng(Protocol):
    """Generator that shuffles turns: `random.Random` or NumPy's."""

    def shuffle(self, x: list) -> None:
        """Shuffles a list in place."""
        ...


def shuffled(turns: Sequence[Turn], rng: Rng) -> tuple[Turn, ...]:
    """Returns the turns in random order, as upstream does for several questions about one video."""
    order = list(turns)
    if len(order) > 1:
        rng.shuffle(order)
    return tuple(order)


def as_prompt(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """Returns the turns without the last answer, as a prompt for generation."""
    return (*turns[:-1], replace(turns[-1], answer=None))


def render(
    turns: Sequence[Turn],
    *,
    layout: ConversationLayout = TRAINING,
    times: str = "",
    media: str = "Video",
    answer_prompt: str = "",
    strict: bool = True,
) -> tuple[str, str, tuple[tuple[int, int], ...]]:
    """Renders a conversation.

    Args:
      turns: at least one; only the last may lack an answer, and the text then ends where generation starts.
      layout: templates of the parts.
      times: sentence of `video_time_text`, or "".
      media: "Video" or "Image", the name in the markers around the visual tokens.
      answer_prompt: start of the answer that is given to the model ("Best option:(").
      strict: reject texts that contain conversation markers. Upstream does not check: "</Video>" makes it crash and
        "[INST]" shifts its label mask.

    Returns:
      Text before the visual tokens, text after them, and the (start, end) character spans of answers in the latter.

    Raises:
      UserError: no turns, markers in the texts (if `strict`), or a missing answer before the last turn.
    """
    turns = check_turns(turns, strict)
    values = {
        "system": _spaced(layout.system.rstrip()),
        "instruction": _spaced(turns[0].instruction),
        "video": f" <{media}></{media}>",
        "times": _spaced(times.strip()),
    }
    end_of_media = f"</{media}>"
    text = layout.opening.format(**values).lstrip()
    spans = []
    for i, turn in enumerate(turns):
        if turn.question:
            template = layout.first_question if i == 0 else layout.question
            text += template.format(question=_spaced(turn.question), **values)
        if turn.answer is not None:
            start = len(text)
            text += layout.answer.format(answer=" " + turn.answer)
            spans.append((start, len(text)))
        elif answer_prompt:
            text += " " + answer_prompt
    cut = text.index(end_of_media)
    return text[:cut], text[cut:], tuple((start - cut, end - cut) for start, end in spans)


def check_turns(turns: Sequence[Turn], strict: bool) -> tuple[Turn, ...]:
    """Returns the turns if they form a conversation.

    Raises:
      UserError: no turns, markers in the texts (if `strict`), or a missing answer before the last turn.
    """
    if not turns:
        raise UserError("a conversation has no turns; give at least one question or answer")
    for i, turn in enumerate(turns):
        if turn.answer is None and i + 1 < len(turns):
            raise UserError(f"turn {i} ({turn.question!r}) has no answer; only the last turn may lack one")
        for text in (turn.instruction, turn.question, turn.answer or ""):
            if strict and (marker := find_marker(text)):
                raise UserError(
                    f"turn {i} contains the conversation marker {marker} in {text[:80]!r}; remove it from the "
                    "annotation"
                )
    return tuple(turns)


def find_marker(text: str) -> str:
    """Returns the first conversation marker that a question or an answer must not contain; "" if it has none."""
    return next((marker for marker in _MARKERS if marker in text), "")


def remove_markers(text: str) -> str:
    """The text without conversation markers, such as a model may generate."""
    while marker := find_marker(text):
        text = text.replace(marker, "")
    return text


def _spaced(text: str) -> str:
    return " " + text if text else ""
