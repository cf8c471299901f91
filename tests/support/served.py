"""A served model without a model: it repeats what it is asked."""

import contextlib
import dataclasses
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from timesuite_jax.apps.serve.app import make_app
from timesuite_jax.apps.serve.service import Service
from timesuite_jax.evaluation.calibration_file import UNCALIBRATED, Calibration


@dataclasses.dataclass(frozen=True)
class Echo:
    """An answer that names what the model got."""

    question: str
    answer: str
    generated: str = ""
    spans: tuple = ((1.0, 2.5),)
    captions: tuple = ("",)
    duration: float = 5.0
    clip: Any = None
    prompt_tokens: int = 7
    answer_tokens: int = 3
    ended: bool = True
    dropped_turns: int = 0
    form: str = "spans"
    confidences: tuple = (0.75,)
    happens: float = 0.875
    calibration: Calibration = UNCALIBRATED


def echo(video: Path, question: str, *, on_text: Any, turns: Any, **options: Any) -> Echo:
    """Answers with the content of the file, the question and the options."""
    content = video.read_bytes()[:20].decode("latin1")
    words = f"{content}|{question}|{turns}|{options['clip']}|{options['temperature']}|{options['seed']}"
    on_text(words[:3])
    on_text(words[:5])
    return Echo(question, words)


def served(answer: Any, root: Path | None, **limits: Any) -> AbstractAsyncContextManager[Any]:
    """The endpoint while it runs."""
    return _running(make_app(Service(answer, "echo", root, **limits)))


@contextlib.asynccontextmanager
async def _running(app: Any) -> AsyncIterator[Any]:
    async with app.router.lifespan_context(app):
        yield app


def chat(question: Any = "When?", url: str = "a.mp4", **more: Any) -> dict[str, Any]:
    """A request."""
    content = [{"type": "video_url", "video_url": {"url": url}}, {"type": "text", "text": question}]
    return {"model": "echo", "messages": [{"role": "user", "content": content}], **more}
