"""Timelines draw the right spans."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from timesuite_jax.evaluation.timeline import Timeline, draw_timelines
from timesuite_jax.evaluation.timeline_figure import timeline_figure


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
    draw_timelines([Timeline("when?", 10.0, [], [(1.0, 2.0)])], str(path))
    assert blue_columns(path).size == 0


def lightness(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("L")).astype(int)


def test_truth_and_answer_differ_in_a_grey_print(tmp_path: Path):
    """The same span as truth and as answer, on an axis that it fills."""
    draw_timelines([Timeline("when?", 10.0, [(0.0, 10.0)], [(0.0, 10.0)])], tmp_path / "a.png")
    grey = lightness(tmp_path / "a.png")[:, 200:400]  # left of the numbers
    levels = np.array([np.median(row) for row in grey])
    answer, truth = (np.abs(levels - level).min() for level in (90, 200))
    assert answer < 15 and truth < 15, np.unique(levels)


@pytest.mark.parametrize("note", ["no span in the answer", "the answer states that it does not happen"])
def test_a_missing_answer_is_marked(tmp_path: Path, note: str):
    unmarked, marked = tmp_path / "a.png", tmp_path / "b.png"
    draw_timelines([Timeline("when?", 10.0, [(0.0, 0.1)], [(1.0, 2.0)])], unmarked)
    draw_timelines([Timeline("when?", 10.0, [], [(1.0, 2.0)], no_span=note)], marked)
    dark = [(lightness(path)[-90:-50, 600:700] < 245).mean() for path in (unmarked, marked)]
    assert dark[0] < 0.05 < 0.3 < dark[1]


def test_numbers_of_a_bar_are_drawn_on_or_beside_it():
    def texts(*spans, duration=100.0, start=0.0):
        (axes,) = timeline_figure([Timeline("?", duration, spans, start=start)]).axes
        return {
            text.get_text().strip(): text.get_position()[0] for text in axes.texts if "\N{EN DASH}" in text.get_text()
        }

    assert texts((10.0, 60.0)) == {"10.0 \N{EN DASH} 60.0": 35.0}
    assert texts((10.0, 11.0)) == {"10.0 \N{EN DASH} 11.0": 11.0}  # to the right
    assert texts((98.0, 99.0)) == {"98.0 \N{EN DASH} 99.0": 98.0}  # to the left
    outside = texts((120.0, 130.0), (10.0, 20.0), start=50.0, duration=50.0)
    assert {name.strip("\u25b6\u25c0 "): at for name, at in outside.items()} == {
        "120.0 \N{EN DASH} 130.0": 100.0,
        "10.0 \N{EN DASH} 20.0": 50.0,
    }


def test_frames_are_drawn_in_order_with_their_aspect_ratio(tmp_path: Path):
    colours = [(250, 0, 0), (0, 250, 0), (0, 0, 250), (250, 250, 0)]
    frames = [np.full((48, 64, 3), colour, np.uint8) for colour in colours]
    draw_timelines([Timeline("?", 10.0, [(1.0, 2.0)], video="kitchen.mp4", frames=frames)], tmp_path / "a.png")
    pixels = np.asarray(Image.open(tmp_path / "a.png").convert("RGB")).astype(int)
    boxes = []
    for colour in colours:
        rows, columns = np.nonzero(np.abs(pixels - np.array(colour)[None, None]).sum(-1) < 12)
        boxes.append((np.ptp(columns) + 1, np.ptp(rows) + 1, columns.mean()))
    assert [box[2] for box in boxes] == sorted(box[2] for box in boxes)
    assert all(width / height == pytest.approx(64 / 48, rel=0.08) for width, height, _ in boxes)


def test_a_path_may_be_a_string(tmp_path: Path):
    draw_timelines([Timeline("?", 10.0, [(1.0, 2.0)])], f"{tmp_path}/a.png")
    assert blue_columns(tmp_path / "a.png").size


def test_no_timelines_are_refused(tmp_path: Path):
    with pytest.raises(ValueError, match="at least one"):
        draw_timelines([], tmp_path / "x.png")


@pytest.mark.parametrize("title", ["does he pay $5^$?", "When does it vanish?  ->  " + "vanish " * 150, "a\nb\n" * 40])
def test_any_text_can_be_a_title(tmp_path: Path, title: str):
    path = tmp_path / "title.png"
    draw_timelines([Timeline(title, 10.0, [(1.0, 2.0)])], path)
    assert blue_columns(path).size
