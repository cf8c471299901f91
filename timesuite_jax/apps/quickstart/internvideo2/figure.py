"""Draws what pretraining sees of clips, and which classes a classifier takes for which."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int, UInt8
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure, SubFigure

from timesuite_jax.apps.quickstart.internvideo2.masked_clips import MaskedClip
from timesuite_jax.data.synthetic import EventVideos
from timesuite_jax.storage.atomic_write import atomic_write

_HIDDEN = 128  # grey of hidden patches
_ROWS = ("frames", "attention", "visible")


def draw_picture(
    clips: Sequence[MaskedClip], confusion: Int[np.ndarray, "classes classes"], kind: EventVideos, path: Path
) -> None:
    """Writes a PNG with a block of three rows for each clip, and the confusion matrix.

    Args:
      clips: with attention and masks.
      confusion: number of videos of each class (rows) that are taken for each class (columns).
      kind: of the videos.
      path: file.
    """
    # Figure without pyplot: no window system, no global state, nothing to close.
    figure = Figure(figsize=(13.0, 2.35 * len(clips) + 0.3), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    halves: Any = figure.subfigures(1, 2, width_ratios=(7.4, 5.6))
    left, right = halves
    blocks: Any = left.subfigures(len(clips), 1, squeeze=False)
    for block, clip in zip(blocks[:, 0], clips, strict=True):
        _draw_clip(block, clip, kind.classes[clip.label])
    _draw_confusion(right.subplots(), confusion, kind.classes)
    with atomic_write(path) as partial:
        figure.savefig(partial, format="png")


def _draw_clip(block: SubFigure, clip: MaskedClip, title: str) -> None:
    block.suptitle(title, fontsize=10, fontweight="bold", x=0.02, ha="left")
    drawn = (clip.frames, _attended(clip), _masked(clip))
    axes = block.subplots(len(drawn), len(clip.frames), gridspec_kw={"wspace": 0.03, "hspace": 0.03})
    for row, (name, frames) in enumerate(zip(_ROWS, drawn, strict=True)):
        for column, frame in enumerate(frames):
            place: Axes = axes[row, column]
            place.imshow(frame, interpolation="nearest")
            place.set_xticks([])
            place.set_yticks([])
        axes[row, 0].set_ylabel(name, fontsize=8, rotation=0, ha="right", va="center")


def _to_pixels(patches: Float[np.ndarray, "F rows columns"], size: int) -> Float[np.ndarray, "F H W 1"]:
    side = size // patches.shape[1]
    return patches.repeat(side, axis=1).repeat(side, axis=2)[..., None]


def _attended(clip: MaskedClip) -> UInt8[np.ndarray, "F H W 3"]:
    """Frames that are the darker, the less the teacher attends to their patches."""
    strength = _to_pixels(clip.attention / clip.attention.max(), clip.frames.shape[1])
    return (clip.frames * (0.15 + 0.85 * strength) + 60 * strength).clip(0, 255).astype(np.uint8)


def _masked(clip: MaskedClip) -> UInt8[np.ndarray, "F H W 3"]:
    visible = _to_pixels(clip.visible.astype(float), clip.frames.shape[1])
    return np.where(visible > 0, clip.frames, _HIDDEN).astype(np.uint8)


def _draw_confusion(axes: Axes, confusion: Int[np.ndarray, "classes classes"], classes: Sequence[str]) -> None:
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    for row, column in np.ndindex(*confusion.shape):
        ink = "white" if shares[row, column] > 0.5 else "black"
        axes.text(column, row, str(confusion[row, column]), ha="center", va="center", fontsize=9, color=ink)
    names = [name.replace(" then ", "\nthen ") for name in classes]
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=8)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set_xlabel("predicted class", fontsize=9)
    axes.set_ylabel("class of the video", fontsize=9)
    axes.set_title("held-out videos, fine-tuned model", fontsize=10, fontweight="bold")
