"""timesuite_jax: video understanding in JAX, trained on TPU pods.

    import timesuite_jax as ts

    chat = ts.load("RUN")
    print(chat.ask("video.mp4", "When is the oven opened?"))

A trunk of mechanisms that know no model family, and one package a family: `videochat_t`, `internvideo2`, `mqsa_ted`.
Imports point downwards only; docs/architecture.md describes the layers.
"""

import importlib
from typing import Any

__version__ = "0.1.0"


def load(source: Any, **options: Any) -> Any:
    """Loads a model that answers questions about videos.

    Args:
      source: folder of a training run, such as quickstart/run of `timesuite quickstart`; or a config whose
        `weights.files` have every parameter.
      options: `step` (number of a checkpoint, or "best"), `max_new_tokens`, `temperature`, `seed`, `prompt`,
        `protocol`, `answers`, `long`, `window`; see `timesuite_jax.apps.video_chat.chat`.

    Returns:
      A `Chat` with `ask(video, question)` and `follow_up(question)`.

    Raises:
      UserError: there is no such model, or an option is out of range.
    """
    # Imported by name, when it is called: the package itself imports nothing, and nothing of it is slow to import.
    return importlib.import_module(f"{__name__}.apps.video_chat.chat").load_chat(source, **options)
