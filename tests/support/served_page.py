"""Serves the page of `timesuite demo` without a model: `served_page.py VIDEO` prints its address."""

import socket
import sys
from pathlib import Path

import uvicorn

from tests.support import sample_videos
from timesuite_jax.apps.demo.server import make_demo
from timesuite_jax.errors import UserError
from timesuite_jax.videochat_t.answering.ask_result import AskResult


def answer(video, question, earlier):
    """Answers without a model."""
    if "bad" in question:
        raise UserError("the question is <bad>; ask another")
    spans = ((1.5, 2.5), (3.0, 4.0))
    frames = sample_videos.numbered_frames(60)[3::6]
    words = f"From 1.5 to 2.5 and from 3.0 to 4.0 seconds, after {len(earlier)} questions."
    return AskResult(video, question, words, spans, ("", ""), 5.0, frames=list(frames))


if __name__ == "__main__":
    app = make_demo(answer, "quickstart/run, step 1600", [Path(sys.argv[1])], 10_000_000)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(f"http://127.0.0.1:{listener.getsockname()[1]}/", flush=True)
        uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
