"""The model of a server: a loaded one, called with the questions and answers that a request has."""

import dataclasses
from pathlib import Path
from typing import Any, Literal, Unpack, cast

from timesuite_jax import registry
from timesuite_jax.apps.serve.service import AnswerFunction, AnswerOptions
from timesuite_jax.registry.capabilities import VideoAnswer


@dataclasses.dataclass(frozen=True)
class EarlierAnswer:
    """A question and an answer that a client remembers."""

    question: str
    generated: str


def answer_function(
    loaded: registry.Loaded[registry.Answers], max_new_tokens: int, answers: Literal["auto", "free"]
) -> AnswerFunction:
    """Returns the model as a function of a request, of at most `max_new_tokens`; `answers` as in `Answers.ask`."""

    def answer(video: Path, question: str, **options: Unpack[AnswerOptions]) -> VideoAnswer:
        history = cast(Any, [EarlierAnswer(*turn) for turn in options["turns"]])
        return loaded.run(
            loaded.task.ask,
            video,
            question,
            clip=options["clip"],
            max_new_tokens=max_new_tokens,  # one compiled program for all limits
            limit=options["limit"],
            temperature=options["temperature"],
            seed=options["seed"],
            history=history,
            on_text=options["on_text"],
            answers=answers,
            calibration=loaded.calibration,
        )

    return answer
