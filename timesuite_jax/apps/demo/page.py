"""The page: a player, a question, the answer with its timeline, and earlier questions."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

# Read when gradio is imported: nothing is reported to anyone.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

import gradio as gr

from timesuite_jax.apps.demo.cards import PLAYER, answer_card, earlier_cards, error_card, timeline_picture
from timesuite_jax.errors import UserError
from timesuite_jax.registry.capabilities import VideoAnswer

Answer = Callable[[str, str, Sequence[VideoAnswer]], VideoAnswer]  # video, question, earlier answers

# Fonts of the visitor's machine: those of gradio's themes would be fetched.
_FONTS: dict[str, Any] = {"font": ["system-ui", "sans-serif"], "font_mono": ["ui-monospace", "monospace"]}
# Whatever a library's page asks for, the browser fetches from this server alone.
SECURITY_POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; connect-src 'self' ws: wss: data: blob:; "
    "frame-ancestors 'self'"
)


def theme() -> gr.Theme:
    """Looks of the page."""
    return gr.themes.Soft(primary_hue="blue", neutral_hue="slate", **_FONTS)


def make_page(answer: Answer, name: str, videos: Sequence[Path]) -> gr.Blocks:
    """Builds the page.

    Args:
      answer: the model.
      name: of the model's checkpoint, shown at the top.
      videos: that can be chosen; others can be uploaded.
    """

    def ask(video: str | None, question: str, follow: bool, state: dict[str, Any]) -> tuple[Any, ...]:
        same = state.get("video") == video
        earlier: list[VideoAnswer] = state.get("answers", []) if same else []
        if video is None:
            return error_card(question, "Upload a video, or choose one, before you ask."), "", gr.skip(), state
        try:
            found = answer(video, question, earlier if follow else ())
        except UserError as error:
            return error_card(question, str(error)), "", earlier_cards(earlier), state
        return (
            answer_card(found),
            timeline_picture(found),
            earlier_cards(earlier),
            {"video": video, "answers": [*earlier, found]},
        )

    with gr.Blocks(title="Ask a video", analytics_enabled=False) as page:
        gr.Markdown(f"# Ask a video\nThe model `{name}` answers *when* something happens, in seconds of the video.")
        state = gr.State({})
        with gr.Row():
            with gr.Column(scale=1):
                video = gr.Video(label="Video", sources=["upload"], elem_id=PLAYER, height=360, buttons=[])
                choice = gr.Dropdown(
                    [(path.name, str(path)) for path in videos], value=None, label="or choose one", visible=bool(videos)
                )
            with gr.Column(scale=1):
                question = gr.Textbox(label="Question", placeholder="When is the red circle visible?", lines=2)
                with gr.Row():
                    button = gr.Button("Ask", variant="primary")
                    follow = gr.Checkbox(label="follow on from earlier questions")
                words = gr.HTML(elem_id="timesuite-answer")
        timeline = gr.HTML(elem_id="timesuite-timeline")
        history = gr.HTML(elem_id="timesuite-history")
        choice.input(lambda path: path, choice, video, show_progress="hidden")
        gr.on(
            [button.click, question.submit],
            ask,
            [video, question, follow, state],
            [words, timeline, history, state],
            concurrency_limit=1,
            concurrency_id="model",
        )
    return page
