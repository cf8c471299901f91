"""A set of queries and features in the form of QVHighlights, in which each kind of event has a direction of its own."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from timesuite_jax.embeddings.video import VideoFeatures, write_features

EVENTS = ("a dog runs", "a door opens", "someone sings")
WIDTH, ROWS, CLIP = 64, 16, 2.0


def write_features_of(folder: Path, vid: str, values: np.ndarray, clip: float = CLIP) -> Path:
    """Writes the features of a video, rows of `clip` seconds."""
    starts = np.arange(len(values)) * clip
    content = VideoFeatures(values.astype(np.float32), np.stack([starts, starts + clip], axis=1), {"window": clip})
    folder.mkdir(exist_ok=True)
    write_features(folder / f"{vid}.npz", content)
    return folder / f"{vid}.npz"


def make_set(folder: Path, name: str, videos: int, *, seed: int, clip: float = CLIP) -> list[dict[str, Any]]:
    """Writes `features/<vid>.npz` and `<name>.jsonl`; every video has all events, one after the other.

    A row is the direction of the event that it shows, or of none, plus noise. One row of each event shows
    something else, too: its clip is the most salient one.
    """
    directions = np.random.default_rng(0).standard_normal((len(EVENTS) + 2, WIDTH))
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for number in range(videos):
        vid, values = f"{name}_{number}", rng.standard_normal((ROWS, WIDTH)) * 0.1
        shown = np.full(ROWS, len(EVENTS))
        for event, first, last in event_places(rng):
            shown[first:last] = EVENTS.index(event)
            peak = int(rng.integers(first, last))
            values[peak] += 0.5 * directions[-1]
            window, clips = [first * clip, last * clip], clips_of(first * clip, last * clip)
            salient = int((peak + 0.5) * clip // 2)
            rows.append(
                {
                    "qid": len(rows) + 1000 * seed,
                    "query": event,
                    "vid": vid,
                    "duration": ROWS * clip,
                    "relevant_windows": [window],
                    "relevant_clip_ids": clips,
                    "saliency_scores": [[4, 4, 4] if each == salient else [1, 2, 1] for each in clips],
                }
            )
        write_features_of(folder / "features", vid, values + directions[shown], clip)
    write_rows(folder / f"{name}.jsonl", rows)
    return rows


def event_places(rng: np.random.Generator) -> list[tuple[str, int, int]]:
    """All events in random order: name, first row and the row after the last.

    Each has 3 to 5 rows, with what remains of the 16 rows between them.
    """
    lengths = rng.integers(3, 6, len(EVENTS))
    gaps = rng.multinomial(ROWS - lengths.sum(), [1 / (len(EVENTS) + 1)] * (len(EVENTS) + 1))[:-1]
    firsts = np.cumsum(gaps) + np.cumsum(lengths) - lengths
    order = rng.permutation(len(EVENTS)).tolist()
    return [
        (EVENTS[event], int(first), int(first + length))
        for event, first, length in zip(order, firsts, lengths, strict=True)
    ]


def clips_of(start: float, end: float) -> list[int]:
    """The clips of 2 seconds in a window."""
    return list(range(int(start // 2), max(int(start // 2) + 1, int(end // 2))))


def write_rows(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Writes a JSON object a line."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
