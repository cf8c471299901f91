"""The model of a server: a loaded one, called with the questions and answers that a request has."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, cast

from timesuite_jax import registry
from timesuite_jax.apps.serve.service import AnswerFunction
from timesuite_jax.registry.capabilities import Span, VideoAnswer


@dataclasses.dataclass(frozen=True)
class EarlierAnswer:
    """A question and an answer that a client remembers."""

    question: str
    generated: str


def answer_function(
    loaded: registry.Loaded[registry.Answers], max_new_tokens: int, answers: Literal["auto", "free"]
) -> AnswerFunction:
    """Returns the model as a function of a request, of at most `max_new_tokens`; `answers` as in `Answers.ask`."""

    def answer(
        video: Path,
        question: str,
        *,
        clip: Span | None,
        turns: Sequence[tuple[str, str]],
        limit: int,
        temperature: float,
        seed: int | None,
        on_text: Callable[[str], None],
    ) -> VideoAnswer:
        history = cast(Any, [EarlierAnswer(*turn) for turn in turns])
        return loaded.run(
            loaded.task.ask,
            video,
            question,
            clip=clip,
            max_new_tokens=max_new_tokens,  # one compiled program for all limits
            limit=limit,
            temperature=temperature,
            seed=seed,
            history=history,
            on_text=on_text,
            answers=answers,
            calibration=loaded.calibration,
        )

    return answer
