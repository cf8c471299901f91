"""Videos of coloured events, with queries about them in the form of QVHighlights."""

from pathlib import Path
from typing import Any

import numpy as np

from tests.support.grounding_set import CLIP, EVENTS, ROWS, clips_of, event_places, write_rows
from timesuite_jax.media import encode_mp4

COLOURS = dict(zip(EVENTS, ((220, 30, 30), (30, 200, 40), (40, 60, 230)), strict=True))
RATE, SIDE = 4, 32


def make_coloured_videos(folder: Path, name: str, videos: int, *, seed: int) -> list[dict[str, Any]]:
    """Writes `videos/<vid>.mp4` and `<name>.jsonl`; every video has all events, one after the other, on noise."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    (folder / "videos").mkdir(exist_ok=True)
    for number in range(videos):
        vid = f"{name}_{number}"
        frames = rng.integers(90, 150, (int(ROWS * CLIP * RATE), SIDE, SIDE, 3)).astype(np.uint8)
        for event, first, last in event_places(rng):
            start, end = first * CLIP, last * CLIP
            frames[int(start * RATE) : int(end * RATE)] = COLOURS[event]
            clips = clips_of(start, end)
            rows.append(
                {
                    "qid": len(rows) + 1000 * seed,
                    "query": event,
                    "vid": vid,
                    "duration": ROWS * CLIP,
                    "relevant_windows": [[start, end]],
                    "relevant_clip_ids": clips,
                    "saliency_scores": [[4, 4, 4] for _ in clips],
                }
            )
        (folder / f"videos/{vid}.mp4").write_bytes(encode_mp4(frames, rate=RATE))
    write_rows(folder / f"{name}.jsonl", rows)
    return rows
