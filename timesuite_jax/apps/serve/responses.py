"""Responses of chat completions, in OpenAI's form."""

import dataclasses
import time
import uuid
from typing import Any

from timesuite_jax.json_text import to_json
from timesuite_jax.registry.capabilities import VideoAnswer


class Completion:
    """One completion: its response, or the chunks of a stream.

    Args:
      model: name of the model.
    """

    def __init__(self, model: str) -> None:
        self._head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": model}

    def response(self, answer: VideoAnswer) -> dict[str, Any]:
        """The whole answer; its spans in seconds are in the field `timesuite`."""
        message = {"role": "assistant", "content": answer.answer, "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _reason(answer)}
        body = {"object": "chat.completion", **self._head, "choices": [choice], "usage": usage(answer)}
        return {**body, "timesuite": details(answer)}

    def chunk(self, delta: dict[str, str]) -> bytes:
        """A part of the answer."""
        return self._event([{"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}])

    def end(self, answer: VideoAnswer, *, with_usage: bool) -> bytes:
        """The last events of a stream."""
        last = self._event(
            [{"index": 0, "delta": {}, "logprobs": None, "finish_reason": _reason(answer)}], timesuite=details(answer)
        )
        numbers = self._event([], usage=usage(answer)) if with_usage else b""
        return last + numbers + b"data: [DONE]\n\n"

    def _event(self, choices: list[dict[str, Any]], **more: Any) -> bytes:
        return server_event({"object": "chat.completion.chunk", **self._head, "choices": choices, **more})


def server_event(body: dict[str, Any]) -> bytes:
    """A server-sent event."""
    return f"data: {to_json(body)}\n\n".encode()


def usage(answer: VideoAnswer) -> dict[str, int]:
    """Numbers of tokens."""
    read, made = answer.prompt_tokens, answer.answer_tokens
    return {"prompt_tokens": read, "completion_tokens": made, "total_tokens": read + made}


def details(answer: VideoAnswer) -> dict[str, Any]:
    """What OpenAI's form has no place for."""
    return {
        "form": answer.form,
        "spans": [list(span) for span in answer.spans],
        "confidences": list(answer.confidences),
        "happens": answer.happens,
        "calibration": dataclasses.asdict(answer.calibration),
        "unit": "seconds of the video",
        "duration": answer.duration,
        "dropped_turns": answer.dropped_turns,
    }


def _reason(answer: VideoAnswer) -> str:
    return "stop" if answer.ended else "length"
