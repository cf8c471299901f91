"""The endpoint of `timesuite serve`: answers, streams, limits, and errors in OpenAI's form."""

import asyncio
import base64
import dataclasses
import json
import threading

import pytest

pytest.importorskip("starlette")

from tests.support import asgi
from tests.support.served import chat, echo, served
from timesuite_jax.errors import UserError


@pytest.fixture
def root(tmp_path):
    """A folder of videos beside a file that is not served."""
    root = tmp_path / "videos"
    (root / "kitchen").mkdir(parents=True)
    (root / "a.mp4").write_bytes(b"content of a")
    (root / "kitchen" / "b c%2e.mp4").write_bytes(b"content of b")
    (tmp_path / "secret.mp4").write_bytes(b"secret")
    (root / "inside.mp4").symlink_to(root / "a.mp4")
    (root / "outside.mp4").symlink_to(tmp_path / "secret.mp4")
    (root / "up").symlink_to(tmp_path)
    return root


def ask(answer, root, body, **limits):
    """The response to one request."""

    async def run():
        async with served(answer, root, **limits) as app:
            return await asgi.request(app, body=body if isinstance(body, bytes) else json.dumps(body).encode())

    return asyncio.run(run())


def clip(start, end):
    """A request about a part of a video."""
    body = chat()
    body["messages"][0]["content"][0]["video_url"] |= {"start": start, "end": end}
    return body


def error_of(response, status):
    assert response.status == status, response.body
    error = response.json["error"]
    assert set(error) == {"message", "type", "param", "code"} and error["message"]
    return error["message"]


def test_an_answer_has_openais_form(root):
    found = ask(echo, root, chat("When?", temperature=0.5, seed=3, max_tokens=9)).json
    assert found["object"] == "chat.completion" and found["model"] == "echo" and found["id"].startswith("chatcmpl-")
    (choice,) = found["choices"]
    assert choice["message"] == {"role": "assistant", "content": "content of a|When?|[]|None|0.5|3", "refusal": None}
    assert choice["finish_reason"] == "stop"
    assert found["usage"] == {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    assert found["timesuite"]["spans"] == [[1.0, 2.5]]


def test_a_conversation_and_a_clip(root):
    body = clip(2, 4.5)
    body["messages"][0]["content"][1]["text"] = "What?"
    body["messages"] += [{"role": "assistant", "content": "An oven."}, {"role": "user", "content": "When?"}]
    text = ask(echo, root, body).json["choices"][0]["message"]["content"]
    assert text == "content of a|When?|[('What?', 'An oven.')]|(2.0, 4.5)|0.0|None"


def test_a_stream_has_the_same_words(root):
    whole = ask(echo, root, chat()).json["choices"][0]["message"]["content"]
    response = ask(echo, root, chat(stream=True, stream_options={"include_usage": True}))
    assert response.headers[b"content-type"].startswith(b"text/event-stream") and response.body.endswith(b"[DONE]\n\n")
    events = response.events
    deltas = [event["choices"][0]["delta"] for event in events[:-1]]
    assert deltas[0] == {"role": "assistant", "content": ""} and len(deltas) == 5
    assert "".join(delta.get("content", "") for delta in deltas) == whole
    assert events[-2]["choices"][0]["finish_reason"] == "stop" and events[-2]["timesuite"]["spans"] == [[1.0, 2.5]]
    assert events[-1]["choices"] == [] and events[-1]["usage"]["total_tokens"] == 10


def test_videos_that_are_sent_are_removed(root):
    seen = []

    def answer(video, question, **more):
        seen.append(video)
        return echo(video, question, **more)

    url = f"data:video/mp4;base64,{base64.b64encode(b'sent').decode()}"
    assert ask(answer, None, chat(url=url)).json["choices"][0]["message"]["content"].startswith("sent|")
    assert not seen[0].exists() and not seen[0].parent.exists()


@pytest.mark.parametrize("name", ["a.mp4", "kitchen/b c%2e.mp4", "inside.mp4", "./a.mp4"])
def test_videos_below_the_root(root, name):
    assert ask(echo, root, chat(url=name)).status == 200


@pytest.mark.parametrize(
    "name",
    ["../secret.mp4", "kitchen/../../secret.mp4", "outside.mp4", "up/secret.mp4", "/etc/passwd", "//etc/passwd",
     "%2e%2e/secret.mp4", "..%2fsecret.mp4", "..\\secret.mp4", "file:///etc/passwd", "file:a.mp4", "a.mp4\0.txt",
     "", ".", "kitchen", "absent.mp4", "x" * 5000, "http://localhost/a.mp4", "~/secret.mp4", "a.mp4/.."],
)  # fmt: skip
def test_nothing_else_is_read(root, name):
    assert "there is no video" in error_of(ask(echo, root, chat(url=name)), 404)
    assert "there is no video" in error_of(ask(echo, None, chat(url="a.mp4")), 404)


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"", 400, "the body is not JSON"),
        (b"\xff\xfe", 400, "the body is not JSON"),
        (b"[" * 100_000, 400, "nested too deep"),
        (b'{"model": ' + b"9" * 10_000 + b"}", 400, "the body is not JSON"),
        (b'{"model": NaN}', 400, "NaN is not a JSON number"),
        (b"[]", 400, "the body: input should be"),
        (b'{"model": "echo"}', 400, "messages: field required"),
        (chat(model="other"), 404, "there is no model 'other'; this server has 'echo'"),
        (chat(max_tokens=1000), 400, "max_tokens=1000 is more than 512"),
        (chat(n=2), 400, "n: input should be 1"),
        (chat(top_p=0.5), 400, "top_p: "),
        (chat(temperature=3), 400, "temperature: "),
        (chat(temperature=1e999), 400, "Infinity is not a JSON number"),
        (chat(tools=[{"type": "function"}]), 400, "tools: "),
        (clip(10**400, None), 400, "start: input should be less than or equal to 1000000000"),
        (clip(0, 1e10), 400, "input should be less than or equal to 1000000000"),
        (chat(unheard_of=1), 400, "unheard_of: extra inputs are not permitted"),
        (chat(messages=[{"role": "user", "content": [{"type": "image_url"}]}]), 400, "input tag 'image_url' found"),
        (chat(messages=[{"role": "user", "content": 5}]), 400, "messages.0.content: input should be a valid list"),
        (chat(question=" "), 400, "the last message has no text"),
        (chat(question="\ud800"), 400, "messages.0.content.1.text.text: input should be a valid string"),
        (chat(messages=[]), 400, "messages: list should have at least 1 item"),
        (chat(messages=[{"role": "user", "content": "When?"}]), 400, "the messages have 0 videos"),
        (chat(messages=[{"role": "system", "content": "Be brief."}]), 400, "messages.0.role: "),
        (chat(messages=[{"role": "assistant", "content": "x"}]), 400, "begin and end with 'user'"),
        (chat(url="data:video/mp4,abc"), 400, "is not base64"),
        (chat(url="data:video/mp4;base64,?!"), 400, "not base64; encode it again"),
        (chat(url="data:video/mp4;base64," + "A" * 200), 413, "larger than 0.0001 MB"),
        (chat(question="a" * 1_100_000), 413, "larger than"),
    ],
)  # fmt: skip
def test_errors_are_sentences(root, body, status, message):
    limits = {"max_upload_bytes": 100}
    assert message in error_of(ask(echo, root, body, **limits), status)


def test_sizes_are_checked_before_the_body_is_read(root):
    async def run(headers, body):
        async with served(echo, root, max_upload_bytes=100) as app:
            return await asgi.request(app, body=body, headers=headers)

    assert error_of(asyncio.run(run([(b"content-length", b"9999999999")], b"")), 413)
    assert error_of(asyncio.run(run([(b"content-length", b"-1")], b"")), 400)
    # Without the header, as in a request that is sent in chunks.
    assert error_of(asyncio.run(run([], [b" " * 100_000] * 20)), 413)


def test_errors_of_the_video_and_of_the_model(root, caplog):
    def unusable(video, question, **more):
        raise UserError("video a.mp4 has no video stream; give another")

    def broken(video, question, **more):
        raise ZeroDivisionError("a bug")

    def named(video, question, **more):
        raise UserError(f"video {video} has no video stream; give another")

    for url, name in (("kitchen/b c%2e.mp4", "kitchen/b c%2e.mp4"), ("data:video/mp4;base64,AAAA", "that was sent")):
        assert error_of(ask(named, root, chat(url=url)), 400) == f"video {name} has no video stream; give another"

    for stream in (False, True):
        assert "no video stream" in error_of(ask(unusable, root, chat(stream=stream)), 400)
        assert "its log has the reason" in error_of(ask(broken, root, chat(stream=stream)), 500)
    assert "a bug" in caplog.text

    def late(video, question, *, on_text, **more):
        on_text("From")
        raise UserError("video a.mp4 is truncated; give another")

    events = ask(late, root, chat(stream=True)).events
    assert events[-1]["error"]["message"].startswith("video a.mp4 is truncated")


def test_the_queue_is_bounded_and_requests_time_out(root):
    started, proceed, answered = threading.Event(), threading.Event(), []

    def slow(video, question, *, on_text, **more):
        started.set()
        proceed.wait(60)
        on_text("x")  # raises once the client has disconnected
        answered.append(question)
        return echo(video, question, on_text=on_text, **more)

    async def run():
        async with served(slow, root, max_requests=2, timeout_s=0.3) as app:
            body = [json.dumps(chat(name)).encode() for name in ("first", "second", "third")]
            first, second = (asyncio.create_task(asgi.request(app, body=each)) for each in body[:2])
            await asyncio.to_thread(started.wait, 60)
            await asyncio.sleep(0)
            busy = await asgi.request(app, body=body[2])
            late = [await first, await second]
            still = await asgi.request(app, body=body[2])  # the model is still busy with the first
            proceed.set()
            while (after := await asgi.request(app, body=body[2])).status == 429:
                await asyncio.sleep(0.01)
            return busy, late, still, after

    busy, late, still, after = asyncio.run(run())
    assert "2 requests are in progress" in error_of(busy, 429) and busy.headers[b"retry-after"] == b"1"
    assert all("not ready in 0.3 s" in error_of(one, 504) for one in late)
    assert still.status == 429 and after.status == 200
    assert answered == ["third"], "requests that timed out were answered"


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_leaves_is_not_answered(root, stream):
    started, leave, ended = threading.Event(), threading.Event(), threading.Event()

    def slow(video, question, *, on_text, **more):
        started.set()
        try:
            while True:  # until `on_text` raises
                on_text("")
                leave.wait(0.01)
        finally:
            ended.set()

    async def run():
        async with served(slow, root) as app:
            body = json.dumps(chat(stream=stream)).encode()
            client = asyncio.create_task(asgi.request(app, body=body, leave=leave))
            await asyncio.to_thread(started.wait, 60)
            leave.set()
            await client
            assert await asyncio.to_thread(ended.wait, 60), "the model still answers"

    asyncio.run(run())


def test_samples_without_a_seed_differ(root):
    def seed(**settings):
        return ask(echo, root, chat(**settings)).json["choices"][0]["message"]["content"].rpartition("|")[2]

    assert seed(temperature=1.0) != seed(temperature=1.0)
    assert seed(temperature=1.0, seed=0) == "0" and seed() == "None"


def test_stopping_finishes_the_running_answer(root):
    started = threading.Event()

    def slow(video, question, **more):
        started.set()
        stopping.wait(60)
        return echo(video, question, **more)

    async def run():
        async with served(slow, root) as app:
            bodies = [json.dumps(chat(name)).encode() for name in ("first", "second")]
            tasks = [asyncio.create_task(asgi.request(app, body=body)) for body in bodies]
            await asyncio.to_thread(started.wait, 60)
            asyncio.get_running_loop().call_later(0.05, stopping.set)
        return await tasks[0], await tasks[1]

    stopping = threading.Event()
    first, second = asyncio.run(run())
    assert first.status == 200 and "stopping" in error_of(second, 503)


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        (b"host", b"localhost:8000", 200),
        (b"host", b"[::1]:8000", 200),
        (b"host", b"evil.example:8000", 403),
        (b"host", b"127.0.0.1.evil.example", 403),
        (b"host", b"", 403),
        (b"host", b"[", 403),
        (b"content-type", b"application/json; charset=utf-8", 200),
        (b"content-type", b"text/plain", 415),
        (b"content-type", b"", 415),
    ],
)
def test_requests_of_other_sites_are_rejected(root, header, value, status):
    async def run(host):
        async with served(echo, root, host=host) as app:
            return await asgi.request(app, body=json.dumps(chat()).encode(), headers=[(header, value)])

    local = asyncio.run(run("127.0.0.1"))
    if status == 200:
        assert local.status == 200
    else:
        assert repr(value.decode()) in error_of(local, status)
    # A server of a network accepts any name.
    assert asyncio.run(run("0.0.0.0")).status == (200 if header == b"host" else status)


def test_the_list_of_models_is_not_read_by_other_sites(root):
    async def run(path):
        async with served(echo, root) as app:
            return await asgi.request(app, "GET", path, headers=[(b"host", b"evil.example")])

    for path in ("/v1/models", "/health"):
        assert "'evil.example'" in error_of(asyncio.run(run(path)), 403)


def test_confidences_that_are_not_finite_are_null(root):
    def answer(video, question, **more):
        return dataclasses.replace(echo(video, question, **more), confidences=(float("nan"),), happens=float("inf"))

    (event,) = [event for event in ask(answer, root, chat(stream=True)).events if "timesuite" in event]
    for found in (ask(answer, root, chat()).json, event):
        assert found["timesuite"]["confidences"] == [None] and found["timesuite"]["happens"] is None


def test_other_routes(root):
    async def run():
        async with served(echo, root) as app:
            return [
                await asgi.request(app, "GET", "/v1/models"),
                await asgi.request(app, "GET", "/health"),
                await asgi.request(app, "GET", "/nowhere"),
                await asgi.request(app, "GET", "/v1/chat/completions"),
            ]

    models, health, nowhere, get = asyncio.run(run())
    assert [model["id"] for model in models.json["data"]] == ["echo"] and health.json["status"] == "ok"
    assert "there are POST" in error_of(nowhere, 404) and "there are POST" in error_of(get, 405)
