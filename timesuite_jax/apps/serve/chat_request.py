"""Requests of chat completions: OpenAI's form, checked.

A video is a content part `{"type": "video_url", "video_url": {"url": ...}}` of a user's message, as other servers of
video models have it. Settings that would change an answer and that the model does not have are errors; those that would
not (`user`, `metadata`, ...) are accepted and not used.
"""

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from timesuite_jax.apps.serve.api_error import ApiError

_LONGEST_TEXT = 100_000  # characters; prompts have thousands at most
_LONGEST_VIDEO = 10**9  # seconds, three decades: integers of JSON may be too large for a float


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


Text = Annotated[str, Field(max_length=_LONGEST_TEXT)]
Seconds = Annotated[int | float, Field(ge=0, le=_LONGEST_VIDEO, allow_inf_nan=False)]


class VideoUrl(_Strict):
    """A path below the server's folder of videos, or a data URL; a part of it, in seconds, with `start` and `end`."""

    url: str
    start: Seconds = 0
    end: Seconds | None = None


class TextPart(_Strict):
    """Words of a message."""

    type: Literal["text"]
    text: Text


class VideoPart(_Strict):
    """A video in a message."""

    type: Literal["video_url"]
    video_url: VideoUrl


def _as_parts(content: Any) -> Any:
    """Words alone are one part."""
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


class Message(_Strict):
    """A message of a conversation; a name is not used."""

    role: Literal["user", "assistant"]
    content: Annotated[
        list[Annotated[TextPart | VideoPart, Field(discriminator="type")]],
        Field(min_length=1, max_length=64),
        BeforeValidator(_as_parts),
    ]
    name: Any = None
    refusal: None = None

    @property
    def text(self) -> str:
        """All words."""
        return "\n".join(part.text for part in self.content if isinstance(part, TextPart))

    @property
    def videos(self) -> list[VideoUrl]:
        """All videos."""
        return [part.video_url for part in self.content if isinstance(part, VideoPart)]


class StreamOptions(_Strict):
    """Whether the last event has the numbers of tokens."""

    include_usage: bool = False
    include_obfuscation: bool = False


class ChatRequest(_Strict):
    """The body of a request. Of the settings that follow `seed`, only the values that change nothing are accepted."""

    model: str
    messages: Annotated[list[Message], Field(min_length=1, max_length=256)]
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Annotated[int | float, Field(ge=0, le=2, allow_inf_nan=False)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    n: Literal[1] | None = None
    top_p: Annotated[int | float, Field(ge=1, le=1)] | None = None
    frequency_penalty: Annotated[int | float, Field(ge=0, le=0)] | None = None
    presence_penalty: Annotated[int | float, Field(ge=0, le=0)] | None = None
    logprobs: Literal[False] | None = None
    tools: Annotated[list[Any], Field(max_length=0)] | None = None
    stop: Annotated[list[Any], Field(max_length=0)] | None = None
    user: Any = None
    metadata: Any = None
    store: Any = None
    service_tier: Any = None
    safety_identifier: Any = None
    prompt_cache_key: Any = None

    @property
    def wants_usage(self) -> bool:
        """Whether a stream ends with the numbers of tokens."""
        return self.stream_options is not None and self.stream_options.include_usage

    @property
    def video(self) -> VideoUrl:
        """The one video of the conversation."""
        return self.messages[0].videos[0]

    @property
    def turns(self) -> list[tuple[str, str]]:
        """Earlier questions with their answers."""
        texts = [message.text for message in self.messages[:-1]]
        return list(zip(texts[::2], texts[1::2], strict=True))

    @property
    def question(self) -> str:
        """The question to answer."""
        return self.messages[-1].text


def parse_request(body: bytes) -> ChatRequest:
    """Reads and checks a request.

    Raises:
      ApiError: it is not one that the endpoint can answer.
    """
    try:
        request = ChatRequest.model_validate(json.loads(body, parse_constant=_reject))
    except ValidationError as error:
        raise _explain(error) from None
    except (ValueError, RecursionError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else str(error)
        raise ApiError(400, f"the body is not JSON ({reason}); send a JSON object", code="invalid_json") from None
    _check_conversation(request)
    return request


def _check_conversation(request: ChatRequest) -> None:
    """Checks that users and assistant alternate, and that the first message has the one video."""
    roles = [message.role for message in request.messages]
    if roles != ["user", "assistant"] * (len(roles) // 2) + ["user"]:
        raise ApiError(
            400,
            f"messages have the roles {', '.join(roles[:10])}; begin and end with 'user', alternating with 'assistant'",
            param="messages",
        )
    videos = [len(message.videos) for message in request.messages]
    if videos[0] != 1 or sum(videos) != 1:
        raise ApiError(
            400,
            f"the messages have {sum(videos)} videos, {videos[0]} of them in the first message; give one content part "
            '{"type": "video_url", "video_url": {"url": "NAME.mp4"}} in the first message',
            param="messages",
        )
    if not request.question.strip():
        raise ApiError(400, "the last message has no text; give a question", param="messages")


def _explain(error: ValidationError) -> ApiError:
    """The first problem that pydantic found, as a sentence."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    # Without the names of types, and of fields that are no words.
    place = ".".join(str(part) for part in first["loc"] if not isinstance(part, str) or part.isidentifier())[:200]
    reason = first["msg"][:1].lower() + first["msg"][1:300]
    return ApiError(400, f"{place or 'the body'}: {reason}; correct it", param=place or None)


def _reject(constant: str) -> float:
    raise ValueError(f"{constant} is not a JSON number")
