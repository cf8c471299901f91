"""The page as an ASGI application that works without a network."""

from collections.abc import Sequence
from pathlib import Path

import gradio as gr
from fastapi import FastAPI, Request, Response

from timesuite_jax.apps.demo.cards import CSS
from timesuite_jax.apps.demo.page import SECURITY_POLICY, Answer, make_page, theme


def make_demo(answer: Answer, name: str, videos: Sequence[Path], max_upload_bytes: int) -> FastAPI:
    """Returns the page; arguments as `make_page` takes them."""
    app = FastAPI(openapi_url=None)

    @app.middleware("http")
    async def restrict(request: Request, call_next) -> Response:
        response = await call_next(request)
        response.headers["Content-Security-Policy"] = SECURITY_POLICY
        return response

    return gr.mount_gradio_app(
        app,
        make_page(answer, name, videos),
        path="",
        allowed_paths=[str(path) for path in videos],
        max_file_size=max_upload_bytes,
        footer_links=[],
        ssr_mode=False,
        enable_monitoring=False,
        theme=theme(),
        css=CSS,
    )
