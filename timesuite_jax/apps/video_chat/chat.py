"""A trained model that answers questions about videos, in Python."""

import math
from collections.abc import Callable
from typing import Literal

from etils import epath

from timesuite_jax import registry
from timesuite_jax.apps.decoding_options import check_decoding
from timesuite_jax.apps.video_chat.answer import ChatAnswer
from timesuite_jax.checkpoints.step_selection import StepChoice
from timesuite_jax.config_spec import Config
from timesuite_jax.errors import UserError
from timesuite_jax.registry.capabilities import VideoAnswer
from timesuite_jax.storage.staging import local_copy

_OnText = Callable[[str], None]


class Chat:
    """Answers questions about videos; the encodings of the latest videos are kept.

    Args:
      loaded: the model.
      max_new_tokens: maximum length of an answer.
      temperature: of sampling; 0 decodes greedily.
      seed: of sampling.
      prompt: name of a conversation layout; the protocol's if not given.
      protocol: how inputs are made and answers read; the config's if not given.
      answers: "auto": answers to questions for times are constrained to be well-formed; "free": any text.
      long: how a video is shown that is longer than `window`, see `registry.capabilities.Answers`.
      window: seconds of a video that are shown at a time; the config's if not given.
    """

    def __init__(
        self,
        loaded: registry.Loaded[registry.Answers],
        *,
        max_new_tokens: int = 128,
        temperature: float = 0.0,
        seed: int = 0,
        prompt: str | None = None,
        protocol: str | None = None,
        answers: Literal["auto", "free"] = "auto",
        long: Literal["whole", "resampled", "hierarchical"] = "whole",
        window: float | None = None,
    ) -> None:
        self._loaded = loaded
        self._options = {
            "max_new_tokens": max_new_tokens,
            "temperature": temperature,
            "seed": seed,
            "prompt": prompt,
            "protocol": protocol,
            "answers": answers,
            "calibration": loaded.calibration,
            "long": long,
            "window": window,
        }
        self._history: list[VideoAnswer] = []
        self._video: epath.PathLike = ""
        self._clip: tuple[float, float] | None = None

    def ask(
        self,
        video: epath.PathLike,
        question: str,
        *,
        start: float = 0.0,
        end: float | None = None,
        on_text: _OnText | None = None,
    ) -> ChatAnswer:
        """Answers a question about a video, and forgets earlier questions.

        Args:
          video: file that FFmpeg can read.
          question: in words.
          start: second of the video that the model sees first.
          end: second up to which it sees the video; the end if not given.
          on_text: called with the answer so far while it is generated; not if `start` is above 0.

        Raises:
          UserError: the video or the question cannot be used.
        """
        clip = (start, math.inf if end is None else end) if start or end is not None else None
        self._history, self._video, self._clip = [], video, clip
        return self._answer(question, on_text)

    def follow_up(self, question: str, *, on_text: _OnText | None = None) -> ChatAnswer:
        """Answers a question that follows on from the last one: earlier questions and answers stay in the prompt.

        Args:
          question: in words, about the video of the last question.
          on_text: as in `ask`.

        Raises:
          UserError: there is no earlier question, or this one cannot be used.
        """
        if not self._history:
            raise UserError("follow_up() has no question to follow on from; call ask(video, question) first")
        return self._answer(question, on_text)

    def _answer(self, question: str, on_text: _OnText | None) -> ChatAnswer:
        result = self._loaded.run(
            self._loaded.task.ask,
            local_copy(self._video),
            question,
            clip=self._clip,
            history=self._history,
            on_text=on_text,
            **self._options,
        )
        self._history = [*self._history, result]
        return ChatAnswer(self._video, result)


def load_chat(
    source: epath.PathLike | Config,
    *,
    step: StepChoice = None,
    max_new_tokens: int = 128,
    temperature: float = 0.0,
    seed: int = 0,
    prompt: str | None = None,
    protocol: str | None = None,
    answers: Literal["auto", "free"] = "auto",
    long: Literal["whole", "resampled", "hierarchical"] = "whole",
    window: float | None = None,
) -> Chat:
    """Loads a model; arguments as `registry.load` and `Chat` take them.

    Raises:
      UserError: there is no such model, or an option is out of range.
    """
    check_decoding(max_new_tokens, temperature, seed)
    if answers not in ("auto", "free"):
        raise UserError(f"answers={answers!r} is unknown; choose auto or free")
    if long not in ("whole", "resampled", "hierarchical"):
        raise UserError(f"long={long!r} is unknown; choose whole, resampled or hierarchical")
    if window is not None and not 0 < window < math.inf:
        raise UserError(f"window={window} is not a number above 0; give seconds, e.g. 180")
    model = registry.open_model(source, registry.Answers, step=step)
    model.task.check_prompt(prompt, protocol)
    return Chat(
        model.load(),
        max_new_tokens=max_new_tokens,
        temperature=temperature,
        seed=seed,
        prompt=prompt,
        protocol=protocol,
        answers=answers,
        long=long,
        window=window,
    )
