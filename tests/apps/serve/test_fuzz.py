"""Malformed requests: each gets an error in OpenAI's form or an answer, and the server does not grow."""

import asyncio
import copy
import gc
import json
import random
import threading
import tracemalloc

import pytest

pytest.importorskip("starlette")

from tests.support import asgi
from tests.support.served import chat, echo, served

VALUES = [
    None, True, False, 0, 1, -1, 2**63, 1e308, -0.5, "", "a.mp4", "../a", "\0", "\ud800", "\U0001f600" * 50, "x" * 3000,
    [], {}, [[]], {"": {}}, "data:video/mp4;base64,AAAA", "data:video/mp4;base64,A", "data:,", "data:", "user", "echo",
    "assistant", "text", "video_url", "/dev/zero", "/dev/stdin", "%00", "..", ".", "a" * 300 + "/" + "b" * 300,
]  # fmt: skip


def mutated(rng: random.Random) -> bytes:
    """A request that is nearly right, or bytes that are not."""
    body = chat(rng.choice(["When?", "", "What?"]), rng.choice(["a.mp4", "b.mp4", "data:video/mp4;base64,AAAA"]))
    for _ in range(rng.randrange(4)):
        change(body, rng)
    text = json.dumps(body).encode()
    for _ in range(rng.choice([0, 0, 1, 3])):
        place = rng.randrange(len(text) + 1)
        put = rng.choice([b"", bytes([rng.randrange(256)]), b"[" * 50, b'"', b"{}"])
        text = text[:place] + put + text[place + rng.randrange(3) :]
    return text


def change(body: dict, rng: random.Random) -> None:
    """Replaces, removes or adds a value anywhere."""
    holder = body
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        inner = [key for key in keys if isinstance(holder[key], dict | list) and holder[key]]
        if not inner or rng.random() < 0.4:
            break
        holder = holder[rng.choice(inner)]
    if isinstance(holder, dict):
        names = [*holder, "stream", "temperature", "seed", "max_tokens", "messages", "n", "start", "end", "odd", ""]
        key = rng.choice(names)
        if key in holder and rng.random() < 0.3:
            del holder[key]
        else:
            holder[key] = copy.deepcopy(rng.choice(VALUES))
    elif keys and rng.random() < 0.7:
        holder[rng.choice(keys)] = copy.deepcopy(rng.choice(VALUES))
    else:
        holder.append(copy.deepcopy(rng.choice(VALUES)))


async def send(app, rng: random.Random) -> int:
    headers = rng.choice([[], [(b"content-length", rng.choice([b"5", b"-5", b"x", b"9" * 40, b""]))]])
    if rng.random() < 0.02:
        return (
            await asgi.request(app, rng.choice(["GET", "PUT", "\x00"]), rng.choice(["/", "/v1/models", "/%2e%2e"]))
        ).status
    response = await asgi.request(app, body=mutated(rng), headers=headers)
    if response.headers[b"content-type"].startswith(b"text/event-stream"):
        assert response.events
    elif response.status != 200:
        assert response.status in (400, 404, 413) and response.json["error"]["message"]
    return response.status


def fuzz(root, count: int) -> dict[int, int]:
    """Sends requests; returns the number of each status."""
    counts: dict[int, int] = {}

    async def run():
        async with served(echo, root) as app:
            before = 0
            for number in range(count):
                status = await send(app, random.Random(number))
                counts[status] = counts.get(status, 0) + 1
                if number == count // 10:
                    gc.collect()
                    tracemalloc.start()
                    before = tracemalloc.get_traced_memory()[0]
            await asyncio.sleep(0)
            gc.collect()
            grown = tracemalloc.get_traced_memory()[0] - before
            tracemalloc.stop()
            assert grown < 1_000_000, f"{grown} bytes more after {count} requests"
            assert (await asgi.request(app, body=json.dumps(chat()).encode())).status == 200

    threads = threading.active_count()
    asyncio.run(run())
    assert threading.active_count() <= threads + 1  # asyncio's own pool may stay
    assert set(counts) <= {200, 400, 404, 405, 413} and {200, 400, 404, 413} <= set(counts)
    return counts


@pytest.fixture
def root(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"content of a")
    return tmp_path


def test_malformed_requests(root):
    fuzz(root, 2000)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_a_hundred_thousand_malformed_requests(root):
    fuzz(root, 100_000)
