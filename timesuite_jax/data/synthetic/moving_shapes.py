"""Generates synthetic videos: coloured shapes that appear, drift and vanish on a dark background."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, UInt8

from timesuite_jax.errors import UserError

COLOURS = {
    "red": (220, 40, 40),
    "green": (40, 200, 60),
    "blue": (50, 70, 230),
    "yellow": (230, 220, 50),
    "purple": (200, 50, 210),
    "cyan": (50, 215, 220),
    "orange": (240, 140, 40),
    "white": (235, 235, 235),
}
SHAPES = ("circle", "square", "triangle")


@dataclass(frozen=True)
class MovingShapesSpec:
    """A distribution of synthetic videos.

    Attributes:
      size: height and width, pixels; even.
      objects: weights of videos with 1, 2, ... objects; at most four, one in each quadrant.
      colours: names from `COLOURS`; distinct within a video.
      shapes: names from `SHAPES`.
      seconds: shortest and longest video.
      rates: lowest and highest frame rate.
      event_share: shortest and longest event, as a share of the video.
      largest_overlap: intersection over union that two events of a video may have.
      radius: smallest and largest half-size, as a share of half a quadrant's side.
      jitter: largest distance of objects from the centre of their quadrant, and of their drift, as a share of its side.
      background: darkest and lightest background, 0 to 255.
    """

    size: int = 64
    objects: tuple[float, ...] = (1.0, 1.0)
    colours: tuple[str, ...] = ("red", "green", "blue", "yellow", "purple", "cyan")
    shapes: tuple[str, ...] = SHAPES
    seconds: tuple[float, float] = (4.0, 9.9)
    rates: tuple[float, float] = (8.0, 15.0)
    event_share: tuple[float, float] = (0.15, 0.4)
    largest_overlap: float = 0.3
    radius: tuple[float, float] = (0.66, 0.96)
    jitter: float = 0.1
    background: tuple[int, int] = (5, 60)

    def __post_init__(self):
        unknown = [name for name in self.colours if name not in COLOURS] + [s for s in self.shapes if s not in SHAPES]
        if unknown:
            raise UserError(f"unknown colour or shape {unknown[0]!r}; known: {', '.join((*COLOURS, *SHAPES))}")
        if not 1 <= len(self.objects) <= min(4, len(self.colours) - 1):
            raise UserError(f"{len(self.objects)} objects: give 1 to 4, fewer than the {len(self.colours)} colours")
        if self.size % 4:
            raise UserError(
                f"size {self.size} is not a multiple of 4 (quadrants, of which mp4 halves the colour planes); change it"
            )


@dataclass(frozen=True)
class Event:
    """An object that is visible at frames with start <= time < end (seconds, multiples of 0.1)."""

    colour: str
    shape: str
    start: float
    end: float

    @property
    def what(self) -> str:
        """Name of the object in questions and answers."""
        return f"{self.colour} {self.shape}"


@dataclass(frozen=True)
class SyntheticVideo:
    """Frames at a constant rate, and their events in order of appearance."""

    frames: UInt8[np.ndarray, "N H W 3"]
    rate: float
    events: tuple[Event, ...]

    @property
    def seconds(self) -> float:
        """Length of the video."""
        return len(self.frames) / self.rate


def make_video(spec: MovingShapesSpec, rng: np.random.Generator) -> SyntheticVideo:
    """Draws one video; the same generator state gives the same video."""
    rate = round(float(rng.uniform(*spec.rates)), 2)
    count = max(2, round(rng.uniform(*spec.seconds) * rate))
    duration = count / rate
    weights = np.asarray(spec.objects) / np.sum(spec.objects)
    number = 1 + int(rng.choice(len(weights), p=weights))
    spans = _spans(spec, rng, number, duration)
    colours = rng.permutation(len(spec.colours))[:number]
    quadrants = rng.permutation(4)[:number]
    times = np.arange(count) / rate
    background = rng.uniform(*spec.background, 3).astype(np.uint8)
    frames = np.empty((count, spec.size, spec.size, 3), np.uint8)
    frames[:] = np.broadcast_to(
        background, frames.shape[1:]
    ).copy()  # copying whole frames is much faster than broadcasting pixels
    events = []
    for (start, end), colour, quadrant in zip(spans, colours, quadrants, strict=True):
        event = Event(spec.colours[colour], spec.shapes[rng.integers(len(spec.shapes))], start, end)
        shown = np.flatnonzero((times >= start) & (times < end))
        shade = np.clip(np.asarray(COLOURS[event.colour]) + rng.uniform(-20, 20, 3), 0, 255).astype(np.uint8)
        masks, box = _masks(spec, rng, event.shape, int(quadrant), times[shown] / duration)
        patch = frames[shown[0] : shown[-1] + 1, box[0], box[1]]
        np.copyto(patch, shade, where=masks[..., None])
        events.append(event)
    return SyntheticVideo(frames, rate, tuple(sorted(events, key=lambda event: (event.start, event.end))))


def _spans(spec: MovingShapesSpec, rng: np.random.Generator, number: int, duration: float) -> list[tuple[float, float]]:
    """Draws the spans of `number` events until none of them overlap too much."""
    while True:
        lengths = rng.uniform(*spec.event_share, number) * duration
        starts = rng.uniform(0, duration - lengths)
        spans = [(round(float(s), 1), round(float(s + n), 1)) for s, n in zip(starts, lengths, strict=True)]
        pairs = [(a, b) for i, a in enumerate(spans) for b in spans[:i]]
        if all(_overlap(a, b) <= spec.largest_overlap for a, b in pairs):
            return spans


def _overlap(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Intersection over union."""
    shared = max(0.0, min(a[1], b[1]) - max(a[0], b[0]))
    return shared / ((a[1] - a[0]) + (b[1] - b[0]) - shared)


def _masks(
    spec: MovingShapesSpec, rng: np.random.Generator, shape: str, quadrant: int, times: Float[np.ndarray, " n"]
) -> tuple[Bool[np.ndarray, "n H W"], tuple[slice, slice]]:
    """Masks of an object in its quadrant at each time (0 to 1 of the video), and the slices of the quadrant."""
    side = spec.size // 2
    top, left = side * (quadrant // 2), side * (quadrant % 2)
    radius = rng.uniform(*spec.radius) * side / 2
    centre = side / 2 + rng.uniform(-spec.jitter, spec.jitter, 2) * side
    path = centre + rng.uniform(-spec.jitter, spec.jitter, 2) * side * (times[:, None] - 0.5)
    pixels = np.arange(side, dtype=np.float32) + 0.5
    down = pixels[None, :, None] - path[:, 0].astype(np.float32)[:, None, None]
    across = pixels[None, None, :] - path[:, 1].astype(np.float32)[:, None, None]
    if shape == "circle":
        mask = down**2 + across**2 < radius**2
    elif shape == "square":
        half = radius * math.sqrt(math.pi) / 2  # the same area as the circle
        mask = (np.abs(down) < half) & (np.abs(across) < half)
    else:
        mask = (down < 0.7 * radius) & (np.abs(across) < (down + radius) * 0.75)
    return mask, (slice(top, top + side), slice(left, left + side))
