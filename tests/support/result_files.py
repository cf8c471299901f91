"""Result files as `timesuite evaluate` writes them, of a benchmark whose answers are drawn at random."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from timesuite_jax.evaluation.result import FORMAT, result_text

Content = dict[str, Any]
_VIDEOS, _QUESTIONS = 8, 3
_SETTINGS = {
    "benchmark": "charades_sta",
    "protocol": "default",
    "benchmark.annotations": {"test.txt": "a" * 64},
    "benchmark.question": "When does {query} happen?",
    "benchmark.answers": "grammar",
    "model.inputs": {
        **{"buckets": [96], "clip_text_length": 32, "sampling": "middle", "transform": "whole", "layout": "training"},
        **{"time_style": "decimal", "turns": "all", "deadline_s": 60.0, "clips": 2, "clip_frames": 2, "size": 16},
    },
    "model.decoder": "PyAV 18.0",
    "model.max_new_tokens": 64,
    "model.bos": "embedding",
    "model.pixel_mean": [0.5, 0.5, 0.5],
    "model.decoding": "greedy",
    "model.answers": "by task",
    "model.upstream_text": False,
    "weights": "0123",
    "versions": {"timesuite_jax": "0.1.0", "jax": "0.10.2"},
    "platform": "cpu",
    "hash": "f" * 16,
    "examples": _VIDEOS * _QUESTIONS,
    "limit": None,
}


def result(seed: int) -> Content:
    """Returns a result, without its metrics; see `write`."""
    rng = np.random.default_rng(seed)
    examples = [
        example(f"test.txt#{video * _QUESTIONS + number}", f"V{video}", float(rng.random()))
        for video in range(_VIDEOS)
        for number in range(_QUESTIONS)
    ]
    settings = copy.deepcopy(_SETTINGS)
    return {"dropped_examples": {}, "names_of_missing_videos": [], "settings": settings, "examples": examples}


def example(id: str, video: str, iou: float) -> Content:
    """Returns one example."""
    query = f"event {id}"
    return {
        "id": id,
        "group": video,
        "scores": {"miou": iou, "r1_iou_0.5": float(iou >= 0.5)},
        "prediction": {"id": id, "source": video, "question": query, "answer": f"0 - {iou}", "truth": [[0.0, 1.0]]},
        "input": {"question": f"When does {query} happen?", "frame_times": [1.0, 3.0], "pixels": "aa", "tokens": "bb"},
    }


def answer_again(content: Content, rng: np.random.Generator) -> None:
    """Replaces half of the answers."""
    for one in content["examples"]:
        if rng.random() < 0.5:
            set_iou(one, float(rng.random()))


def set_iou(one: Content, iou: float) -> None:
    """Replaces the answer of an example."""
    one["scores"] |= {"miou": iou, "r1_iou_0.5": float(iou >= 0.5)}
    one["prediction"]["answer"] = f"0 - {iou}"


def write(content: Content, path: Path) -> Path:
    """Writes a result with its metrics."""
    columns: dict[str, list[float]] = {}
    for one in content["examples"]:
        for name, value in one["scores"].items():
            columns.setdefault(name, []).append(value)
    means = {name: float(np.mean(values)) for name, values in columns.items()}
    counts = {"n": float(len(content["examples"])), "intervals_95": {}, "intervals_over": {"unit": "videos"}}
    path.write_text(result_text({**means, **counts, "format": FORMAT, **content}), encoding="utf-8")
    return path


def write_old(content: Content, folder: Path) -> Path:
    """Writes a result as versions before `format` did: answers in another file, and fewer settings."""
    folder.mkdir()
    write(content, folder / "result.json")
    stored = json.loads((folder / "result.json").read_text())
    for name in ("format", "examples"):
        del stored[name]
    for name in ("benchmark.answers", "weights"):
        del stored["settings"][name]
    (folder / "result.json").write_text(json.dumps(stored))
    lines = [json.dumps({"id": one["id"], "prediction": one["prediction"]}) for one in content["examples"]]
    (folder / "predictions-0.jsonl").write_text("\n".join(lines) + "\n")
    return folder


Change = Callable[[Content, np.random.Generator], None]
