"""Requests to an ASGI application without a network or threads."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Iterable
from typing import Any, NamedTuple


class Response(NamedTuple):
    """A response; `parts` are the pieces of its body."""

    status: int
    parts: list[bytes]
    headers: dict[bytes, bytes]

    @property
    def body(self) -> bytes:
        return b"".join(self.parts)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def events(self) -> list[Any]:
        """Data of server-sent events, without the last, "[DONE]"."""
        lines = [line.removeprefix(b"data: ") for line in self.body.split(b"\n\n") if line]
        return [json.loads(line) for line in lines if line != b"[DONE]"]


def request(
    app: Any,
    method: str = "POST",
    path: str = "/v1/chat/completions",
    body: bytes | Iterable[bytes] = b"",
    headers: Iterable[tuple[bytes, bytes]] = (),
    leave: threading.Event | None = None,
) -> Awaitable[Response]:
    """Sends one request, its body in one part or several; the client stays until `leave` is set."""
    return _send(app, method, path, body, headers, leave or threading.Event())


async def _send(
    app: Any,
    method: str,
    path: str,
    body: bytes | Iterable[bytes],
    headers: Iterable[tuple[bytes, bytes]],
    leave: threading.Event,
) -> Response:
    parts = [body] if isinstance(body, bytes) else list(body)
    sent: list[dict[str, Any]] = []
    events = [
        {"type": "http.request", "body": part, "more_body": number < len(parts)} for number, part in enumerate(parts, 1)
    ]
    waiting = iter(events)

    async def receive() -> dict[str, Any]:
        event = next(waiting, None)
        if event is None:
            while not leave.is_set():
                await asyncio.sleep(0.01)
            return {"type": "http.disconnect"}
        return event

    async def send(event: dict[str, Any]) -> None:
        sent.append(event)

    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "path": path}
    scope |= {"raw_path": path.encode(), "query_string": b"", "headers": _with_defaults(headers), "scheme": "http"}
    scope |= {"root_path": "", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80)}
    await app(scope, receive, send)
    parts = [event.get("body", b"") for event in sent[1:]]
    return Response(sent[0]["status"], [part for part in parts if part], dict(sent[0]["headers"]))


def _with_defaults(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers, and where they lack them those of a client on this machine that sends JSON."""
    return list({b"host": b"127.0.0.1:8000", b"content-type": b"application/json", **dict(headers)}.items())
