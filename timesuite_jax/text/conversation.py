"""Conversations: questions and answers around a video, as token ids with a mask of what is to be learnt.

Follows upstream's `process_qa` (dataset/it_dataset_mistral.py) and the label mask of its `forward`. The order of the
parts of a conversation is data (`ConversationLayout`), so that the training text, the evaluation prompt and new layouts
are the same few lines filled in differently.

The text is cut in two at the video: what comes before ends in "<Video>", what comes after begins with "</Video>", and
the visual tokens go between. Each half is tokenised on its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from jaxtyping import Bool, Int

from timesuite_jax.errors import UserError
from timesuite_jax.text.tokenizer import Tokenizer


@dataclass(frozen=True)
class Turn:
    """One question and its answer; `question` may be empty (captions), `answer` is None where the model shall speak."""

    question: str
    answer: str | None = None
    instruction: str = ""  # upstream's "i": of the first turn only, put before everything else


@dataclass(frozen=True)
class ConversationLayout:
    """Where the parts of a conversation stand.

    Templates have slots {system}, {instruction}, {video}, {times}, {question}, {answer}. A slot that is filled brings
    its own leading space and an empty one leaves nothing, so "[INST]{video}{times} [/INST]" serves both cases.

    Attributes:
      opening: up to and including the video.
      first_question: the first question, after the opening (left out where the question is empty).
      question: any later question.
      answer: an answer and its end.
      system: what {system} stands for.
    """

    name: str
    opening: str
    first_question: str
    question: str = " [INST]{question} [/INST]"
    answer: str = "{answer} </s>"
    system: str = ""

    @property
    def turns_alike(self) -> bool:
        """Whether a later turn on its own reads like a first one, so that turns can be independent."""
        return self.first_question == self.question


TRAINING = ConversationLayout(
    name="training",
    opening="{system}{instruction} [INST]{video}{times} [/INST]",
    first_question=" [INST]{question} [/INST]",
)
"""Upstream's training text, and the default everywhere: what is asked at inference looks like what was learnt."""

EVALUATION = ConversationLayout(
    name="evaluation",
    opening="{system}{instruction} [INST]{video} [/INST]",
    first_question=" [INST]{times}{question} [/INST]",
    system=(
        "You are able to understand the visual content that the user provides. "
        "Follow the instructions carefully and explain your answers in detail."
    ),
)
"""Upstream's prompt of eval_infer.py: a system sentence, and the times in the second [INST]."""

LAYOUTS = {layout.name: layout for layout in (TRAINING, EVALUATION)}

_MARKS = ("[INST]", "[/INST]", "</Video>", "</Image>", "<s>", "</s>")


@dataclass(frozen=True)
class Conversation:
    """A conversation's token ids on both sides of the visual tokens (no BOS, no visual placeholders)."""

    before_ids: tuple[int, ...]
    after_ids: tuple[int, ...]
    answer_mask: Bool[np.ndarray, " after"]  # True on the tokens of `after_ids` that are answers (with their end)
    segments: Int[np.ndarray, " after"]  # 0 where all turns see it, i + 1 where only turn i does; 0 unless independent

    @property
    def n_text(self) -> int:
        """Text tokens, without BOS."""
        return len(self.before_ids) + len(self.after_ids)

    @property
    def n_answer(self) -> int:
        """Answer tokens: those that are predicted in training."""
        return int(self.answer_mask.sum())


class Rng(Protocol):
    """What shuffles turns: `random.Random`, or NumPy's generator."""

    def shuffle(self, x: list) -> None:
        """Shuffles a list in place."""
        ...


def shuffled(turns: Sequence[Turn], rng: Rng) -> tuple[Turn, ...]:
    """The turns in a random order, as upstream presents several questions about one video."""
    order = list(turns)
    if len(order) > 1:
        rng.shuffle(order)
    return tuple(order)


def render(
    turns: Sequence[Turn],
    *,
    layout: ConversationLayout = TRAINING,
    times: str = "",
    media: str = "Video",
    answer_prompt: str = "",
    strict: bool = True,
) -> tuple[str, str, tuple[tuple[int, int], ...]]:
    """Writes a conversation out.

    Args:
      turns: at least one; only the last may lack an answer, and then the text ends where the model shall go on.
      layout: where the parts stand.
      times: the sentence of `clip_time.video_time_text`, or "".
      media: "Video" or "Image", the name in the marks around the visual tokens.
      answer_prompt: the beginning of the answer, given to the model ("Best option:(").
      strict: refuse questions and answers that contain the marks of a conversation. Upstream does not look: "</Video>"
        crashes it and "[INST]" shifts what is learnt.

    Returns:
      Text before the visual tokens, text after, and the spans (start, end) of answers in the latter, in characters.

    Raises:
      UserError: for marks inside the texts (if strict), no turns, or a missing answer before the last turn.
    """
    turns = _checked(turns, strict)
    slots = {
        "system": _spaced(layout.system.rstrip()),
        "instruction": _spaced(turns[0].instruction),
        "video": f" <{media}></{media}>",
        "times": _spaced(times.strip()),
    }
    end_of_media = f"</{media}>"
    text = layout.opening.format(**slots).lstrip()
    spans = []
    for i, turn in enumerate(turns):
        if turn.question:
            template = layout.first_question if i == 0 else layout.question
            text += template.format(question=_spaced(turn.question), **slots)
        if turn.answer is not None:
            start = len(text)
            text += layout.answer.format(answer=" " + turn.answer)
            spans.append((start, len(text)))
        elif answer_prompt:
            text += " " + answer_prompt
    cut = text.index(end_of_media)
    return text[:cut], text[cut:], tuple((start - cut, end - cut) for start, end in spans)


def encode_conversation(
    tokenizer: Tokenizer,
    turns: Sequence[Turn],
    *,
    layout: ConversationLayout = TRAINING,
    times: str = "",
    media: str = "Video",
    answer_prompt: str = "",
    strict: bool = True,
    independent: bool = False,
) -> Conversation:
    """Tokenises a conversation and marks its answers; arguments as in `render`.

    Supervised are, as upstream: each answer, the space before its end, and the end token; nothing else.

    Args:
      independent: the turns are conversations of their own that share what comes before the first question.

    Raises:
      UserError: as `render`; also if the tokenizer joins characters across the beginning or the end of an answer, or
        one of several independent turns has no question.
    """
    if independent and len(turns) > 1:
        # Each tokenised on its own: after the end of another's answer it would begin with a token more.
        return _side_by_side(
            [
                encode_conversation(
                    tokenizer,
                    [replace(turn, instruction=turns[0].instruction)],
                    layout=layout,
                    times=times,
                    media=media,
                    answer_prompt=answer_prompt,
                    strict=strict,
                    independent=True,
                )
                for turn in _asking(_checked(turns, strict))
            ]
        )
    before, after, spans = render(
        turns, layout=layout, times=times, media=media, answer_prompt=answer_prompt, strict=strict
    )
    ids = tokenizer.encode(after)
    mask = np.zeros(len(ids), bool)
    for start, end in spans:
        first, last = _tokens_of(tokenizer, after[:start], ids), _tokens_of(tokenizer, after[:end], ids)
        mask[first:last] = True
    segments = np.zeros(len(ids), np.int32)
    if independent:
        opening = render([replace(turns[0], question="", answer=None)], layout=layout, times=times, media=media)[1]
        segments[_tokens_of(tokenizer, opening, ids) :] = 1
    return Conversation(tuple(tokenizer.encode(before)), tuple(ids), mask, segments)


def _asking(turns: Sequence[Turn]) -> Sequence[Turn]:
    for i, turn in enumerate(turns):
        if not turn.question:
            # Its answer's first token would be predicted from the last token of the turn before.
            raise UserError(f"turn {i} has no question, so it cannot stand beside others; use turns='one' or 'all'")
    return turns


def _side_by_side(alone: Sequence[Conversation]) -> Conversation:
    """Conversations with the same opening as one, a segment each."""
    shared = int(np.sum(alone[0].segments == 0))
    ids = [alone[0].after_ids[:shared], *(each.after_ids[shared:] for each in alone)]
    masks = [alone[0].answer_mask[:shared], *(each.answer_mask[shared:] for each in alone)]
    return Conversation(
        alone[0].before_ids,
        tuple(token for part in ids for token in part),
        np.concatenate(masks),
        np.repeat(np.arange(len(ids), dtype=np.int32), [len(part) for part in ids]),
    )


def as_prompt(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """The same turns with the last answer taken away: what a model is asked to go on from."""
    return (*turns[:-1], replace(turns[-1], answer=None))


def _spaced(text: str) -> str:
    return " " + text if text else ""


def _checked(turns: Sequence[Turn], strict: bool) -> tuple[Turn, ...]:
    if not turns:
        raise UserError("a conversation without turns; give at least one question or answer")
    for i, turn in enumerate(turns):
        if turn.answer is None and i + 1 < len(turns):
            raise UserError(f"turn {i} ({turn.question!r}) has no answer; only the last one may lack it")
        for text in (turn.instruction, turn.question, turn.answer or ""):
            marks = [mark for mark in _MARKS if mark in text] if strict else []
            if marks:
                raise UserError(
                    f"turn {i} holds the conversation mark {marks[0]} in {text[:80]!r}; remove it from the annotation"
                )
    return tuple(turns)


def _tokens_of(tokenizer: Tokenizer, prefix: str, ids: Sequence[int]) -> int:
    part = tokenizer.encode(prefix)
    if list(ids[: len(part)]) != part:
        raise UserError(
            f"the tokenizer joins characters across the border of an answer, after {prefix[-20:]!r}; "
            "use one whose words begin with a space"
        )
    return len(part)
