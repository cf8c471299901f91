"""The HTTP endpoint: `/v1/chat/completions`, `/v1/models`, `/health`."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from timesuite_jax.apps.serve.api_error import ApiError
from timesuite_jax.apps.serve.browser_checks import check_content_type, check_host
from timesuite_jax.apps.serve.chat_request import ChatRequest, parse_request
from timesuite_jax.apps.serve.connection import Connection
from timesuite_jax.apps.serve.model_thread import Cancelled, Job, ModelThread
from timesuite_jax.apps.serve.responses import Completion, server_event
from timesuite_jax.apps.serve.service import Service
from timesuite_jax.apps.serve.video_source import too_large, video_source, without_path
from timesuite_jax.errors import UserError
from timesuite_jax.json_text import to_json

_LOG = logging.getLogger(__name__)


def make_app(service: Service) -> Starlette:
    """Returns the endpoint of a model as an ASGI application, which has a thread for the model while it runs."""
    model = ModelThread(service.max_requests)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        model.start()
        yield
        await asyncio.to_thread(model.close, service.timeout_s)

    async def models(request: Request) -> Response:
        check_host(request, service.host)
        entry = {"id": service.name, "object": "model", "created": 0, "owned_by": "timesuite_jax"}
        return _json({"object": "list", "data": [entry]})

    async def health(request: Request) -> Response:
        check_host(request, service.host)
        return _json({"status": "ok", "model": service.name})

    async def complete(request: Request) -> Response:
        check_host(request, service.host)
        check_content_type(request)
        if not model.reserve():
            raise ApiError(
                429, f"{service.max_requests} requests are in progress, the most at once; try again later", code="busy"
            )
        loop = asyncio.get_running_loop()
        deadline = loop.time() + service.timeout_s
        try:
            async with asyncio.timeout_at(deadline):
                parsed = parse_request(await _read(request, service.max_body_bytes))
            job = _job(service, parsed)
        except TimeoutError:
            model.release()
            raise ApiError(408, f"the request did not arrive in {service.timeout_s:g} s; send it again") from None
        except BaseException:
            model.release()
            raise
        model.submit(job)
        completion, connection = Completion(service.name), Connection(request)
        try:
            if not parsed.stream:
                result = await connection.while_open(_result(job, deadline, service))
                return _json(completion.response(result))
            # Errors of the video become a status, not an event.
            first = await connection.while_open(_next(job, deadline, service))
        except BaseException:
            job.cancel()
            raise
        events = _stream(completion, job, first, parsed, deadline, service)
        return StreamingResponse(events, media_type="text/event-stream", headers={"Cache-Control": "no-cache"})

    return Starlette(
        routes=[
            Route("/v1/models", models),
            Route("/health", health),
            Route("/v1/chat/completions", complete, methods=["POST"]),
        ],
        exception_handlers={ApiError: _on_error, HTTPException: _on_error, Exception: _on_error},
        lifespan=lifespan,
    )


def _job(service: Service, request: ChatRequest) -> Job:
    """The call of the model that a request describes.

    Raises:
      ApiError: the request asks for another model, or for more than there is.
    """
    if request.model != service.name:
        message = f"there is no model {request.model[:200]!r}; this server has {service.name!r}"
        raise ApiError(404, message, code="model_not_found", param="model")
    wanted = request.max_completion_tokens or request.max_tokens or service.max_new_tokens
    if wanted > service.max_new_tokens:
        message = f"max_tokens={wanted} is more than {service.max_new_tokens}, the most of this server; lower it"
        raise ApiError(400, message, param="max_tokens")
    video = request.video
    # In tenths: each temperature is a compiled program.
    temperature = round(float(request.temperature or 0.0), 1)
    # Without a seed the samples of equal requests differ.
    seed = secrets.randbits(32) if temperature and request.seed is None else request.seed
    whole = not video.start and video.end is None
    clip = None if whole else (float(video.start), float("inf") if video.end is None else float(video.end))

    def answer(on_text: Any) -> Any:
        with video_source(video.url, service.root, service.max_upload_bytes) as file, without_path(file, video.url):
            return service.answer(
                file,
                request.question,
                clip=clip,
                turns=request.turns,
                limit=wanted,
                temperature=temperature,
                seed=seed,
                on_text=on_text,
            )

    return Job(answer)


async def _read(request: Request, max_bytes: int) -> bytes:
    """The body of a request.

    Raises:
      ApiError: it is too large, or the client has gone.
    """
    length = request.headers.get("content-length", "0")
    if not length.isascii() or not length.isdigit():
        raise ApiError(400, f"the header Content-Length is {length[:50]!r}, not a number of bytes; correct it")
    if len(length) > 18 or int(length) > max_bytes:
        raise too_large(max_bytes)
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > max_bytes:
                raise too_large(max_bytes)
    except ClientDisconnect:
        raise ApiError(400, "the client closed the connection before the end of the request") from None
    return bytes(body)


async def _next(job: Job, deadline: float, service: Service) -> tuple[str, Any]:
    """The next event of a job.

    Raises:
      ApiError: the job failed, also by a bug, or did not end in time.
    """
    try:
        async with asyncio.timeout_at(deadline):
            kind, value = await job.next_event()
    except TimeoutError:
        job.cancel()
        message = f"the answer was not ready in {service.timeout_s:g} s; try a shorter video, or later"
        raise ApiError(504, message, code="timeout") from None
    if kind != "error":
        return kind, value
    if isinstance(value, UserError):
        raise ApiError(400, str(value), param="messages")
    if isinstance(value, Cancelled):
        raise ApiError(503, "the server is stopping; try again later", code="stopping")
    raise _as_api_error(value)


async def _result(job: Job, deadline: float, service: Service) -> Any:
    while True:
        kind, value = await _next(job, deadline, service)
        if kind == "end":
            return value


async def _stream(
    completion: Completion, job: Job, event: tuple[str, Any], request: ChatRequest, deadline: float, service: Service
) -> AsyncIterator[bytes]:
    """Server-sent events of an answer; an error is the last one."""
    shown = ""
    try:
        yield completion.chunk({"role": "assistant", "content": ""})
        while True:
            kind, value = event
            text = value.answer if kind == "end" else value
            if len(text) > len(shown):
                yield completion.chunk({"content": text[len(shown) :]})
                shown = text
            if kind == "end":
                yield completion.end(value, with_usage=request.wants_usage)
                return
            event = await _next(job, deadline, service)
    except Exception as error:
        yield server_event(_as_api_error(error).as_json())
    finally:
        job.cancel()  # the client may have gone


async def _on_error(request: Request, error: Exception) -> Response:
    found = _as_api_error(error)
    headers = {"Retry-After": "1"} if found.status in (429, 503) else None
    return _json(found.as_json(), found.status, headers)


def _json(body: dict[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A response in ASCII: texts of users may have characters that UTF-8 has no bytes for."""
    return Response(to_json(body), status, headers, "application/json")


def _as_api_error(error: Exception) -> ApiError:
    if isinstance(error, ApiError):
        return error
    if isinstance(error, HTTPException):  # of the routes
        return ApiError(error.status_code, f"{error.detail}; there are POST /v1/chat/completions and GET /v1/models")
    _LOG.error("an answer failed", exc_info=error)
    return ApiError(500, "the server failed to answer; its log has the reason", code="internal_error")
