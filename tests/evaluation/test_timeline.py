"""Timelines draw the right spans."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from timesuite_jax.evaluation.timeline import Timeline, draw_timelines


def blue_columns(path: Path) -> np.ndarray:
    """Fractions of the picture's width with the answer's colour."""
    pixels = np.asarray(Image.open(path).convert("RGB")).astype(int)
    blue = np.abs(pixels - np.array([[[0x2B, 0x59, 0xC3]]])).sum(-1) < 12
    return np.flatnonzero(blue.any(0)) / pixels.shape[1]


def test_a_later_answer_is_drawn_further_right(tmp_path: Path):
    columns = []
    for name, span in [("early", (1.0, 2.0)), ("late", (7.0, 8.0))]:
        path = tmp_path / f"{name}.png"
        draw_timelines([Timeline("when?", 10.0, [span], [(1.0, 2.0)], "IoU 1.0")], path)
        columns.append(blue_columns(path))
    early, late = columns
    assert early.size and late.size and early.max() < late.min()


def test_no_answer_draws_no_bar(tmp_path: Path):
    path = tmp_path / "none.png"
    draw_timelines([Timeline("when?", 10.0, [], [(1.0, 2.0)])], path)
    assert blue_columns(path).size == 0


def test_no_timelines_are_refused(tmp_path: Path):
    with pytest.raises(ValueError, match="at least one"):
        draw_timelines([], tmp_path / "x.png")


@pytest.mark.parametrize("title", ["does he pay $5^$?", "When does it vanish?  ->  " + "vanish " * 150, "a\nb\n" * 40])
def test_any_text_can_be_a_title(tmp_path: Path, title: str):
    path = tmp_path / "title.png"
    draw_timelines([Timeline(title, 10.0, [(1.0, 2.0)])], path)
    assert blue_columns(path).size
