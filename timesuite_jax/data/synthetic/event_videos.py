"""Draws videos of events whose class is in the order of their frames alone.

Every class has the same distribution of frames, and of sets of frames: a shape moves along its line from either end to
the other, slowly near a random one of them, and only the order of the frames tells from which end it starts, whether it
speeds up, and which of two events is first. A model that
sees one frame, or all of them without their order, is right by chance.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, UInt8

from timesuite_jax.data.synthetic.moving_shapes import COLOURS

FRAMES, RATE = 24, 12.0  # of a video
_POWER = 3.0  # of time, of an event that speeds up
_EXTENT, _HALF, _LINE = (0.5, 0.66), (0.12, 0.18), (0.25, 0.75)  # of the travelled way, a half shape and its line
_DIRECTIONS = {"right": (1, 1), "left": (1, -1), "down": (0, 1), "up": (0, -1)}  # axis (0: rows), sign
Shape = Literal["square", "disc"]


@dataclass(frozen=True)
class EventVideos:
    """Videos with one label each.

    Attributes:
      classes: names; labels are their numbers.
      draw: (label, height and width in pixels, generator) to the frames of a video.
      attributes: name -> value in each class.
    """

    classes: tuple[str, ...]
    draw: Callable[[int, int, np.random.Generator], UInt8[np.ndarray, "T H W 3"]]
    attributes: dict[str, tuple[str, ...]]


def _event(
    shape: Shape, frames: int, direction: str, faster: bool | None, size: int, colours: tuple, rng: np.random.Generator
) -> UInt8[np.ndarray, "T H W 3"]:
    """A shape that moves along a line; it speeds up, slows down, or, with `faster=None`, keeps its speed."""
    time = (np.arange(frames) + 0.5) / frames
    axis, sign = _DIRECTIONS[direction]
    extent, half = rng.uniform(*_EXTENT), rng.uniform(*_HALF)
    offset, line = rng.uniform(-0.04, 0.04), rng.uniform(*_LINE)
    travelled = time if faster is None else time**_POWER if faster else 1 - (1 - time) ** _POWER
    moving = 0.5 + offset + sign * extent * (travelled - 0.5)
    still = np.full(frames, line)
    rows, columns = (moving, still) if axis == 0 else (still, moving)
    return _paint(shape, rows, columns, half, size, colours)


def _paint(
    shape: Shape,
    rows: Float[np.ndarray, " T"],
    columns: Float[np.ndarray, " T"],
    half: float,
    size: int,
    colours: tuple,
) -> UInt8[np.ndarray, "T size size 3"]:
    pixel = (np.arange(size) + 0.5) / size
    down, across = pixel[None, :, None] - rows[:, None, None], pixel[None, None, :] - columns[:, None, None]
    inside = np.maximum(abs(down), abs(across)) < half if shape == "square" else down**2 + across**2 < (1.1 * half) ** 2
    ink, background = colours
    return np.where(inside[..., None], ink, background).astype(np.uint8)


def _colours(rng: np.random.Generator) -> tuple[list[tuple[int, int, int]], np.ndarray]:
    """Two different colours, and the background."""
    chosen = rng.choice(len(COLOURS), 2, replace=False)
    return [list(COLOURS.values())[number] for number in chosen], rng.integers(5, 60, 3)


_ORDERED = tuple(itertools.product(("square first", "disc first"), ("right", "left"), ("speeds up", "slows down")))
_SINGLE = tuple(itertools.product(_DIRECTIONS, ("speeds up", "slows down")))


def _draw_ordered(label: int, size: int, rng: np.random.Generator) -> UInt8[np.ndarray, "T size size 3"]:
    order, direction, speed = _ORDERED[label]
    (first, second), background = _colours(rng)
    square = _event("square", FRAMES // 2, direction, None, size, (first, background), rng)
    vertical = ("down", "up")[rng.integers(2)]
    disc = _event("disc", FRAMES // 2, vertical, speed == "speeds up", size, (second, background), rng)
    return np.concatenate([square, disc] if order == "square first" else [disc, square])


def _draw_single(label: int, size: int, rng: np.random.Generator) -> UInt8[np.ndarray, "T size size 3"]:
    direction, speed = _SINGLE[label]
    (ink, _), background = _colours(rng)
    shape: Shape = ("square", "disc")[rng.integers(2)]
    return _event(shape, FRAMES, direction, speed == "speeds up", size, (ink, background), rng)


def _ordered_name(order: str, direction: str, speed: str) -> str:
    events = [f"square moves {direction}", f"disc {speed}"]
    return " then ".join(events if order == "square first" else events[::-1])


def _attributes(names: tuple[str, ...], classes: tuple[tuple[str, ...], ...]) -> dict[str, tuple[str, ...]]:
    return dict(zip(names, zip(*classes, strict=True), strict=True))


# A square moves to the right or the left, a disc moves and speeds up or slows down, one after the other.
ORDERED_EVENTS = EventVideos(
    tuple(_ordered_name(*one) for one in _ORDERED),
    _draw_ordered,
    _attributes(("order", "direction", "speed"), _ORDERED),
)
# One shape, through all of the video.
SINGLE_EVENTS = EventVideos(
    tuple(f"moves {direction} and {speed}" for direction, speed in _SINGLE),
    _draw_single,
    _attributes(("direction", "speed"), _SINGLE),
)
