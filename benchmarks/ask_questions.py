"""Measures what a second question about a video costs, as a share of the first.

    python benchmarks/ask_questions.py [--repeats 5] [--new-tokens 32]

Two untrained models: of the quickstart's size, and with the released shares of vision and language at a smaller width.
The first question decodes and encodes the video, and reads it into the language model; the second one finds it in the
cache. All programs are compiled before the measurement ("warm"), or in the first question ("cold", once). Both answers
have the full number of new tokens: untrained models do not end them.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import command_line
import jax
import numpy as np
from ml_collections import ConfigDict
from rich.console import Console
from rich.table import Table

from timesuite_jax import registry
from timesuite_jax.apps.tiny_model import tiny_config
from timesuite_jax.data.synthetic import SyntheticCorpusSpec, make_tokenizer
from timesuite_jax.media import write_mp4
from timesuite_jax.progress import track
from timesuite_jax.text import load_tokenizer

QUESTIONS = ("When is the red circle visible?", "When is the blue square visible?")
# The released model encodes 128 frames at 224 x 224 with 300 M parameters and reads 1,000 tokens and more with 7 B. On
# one prompt that is 15 against 16 TFLOP: half of the cost is vision.
LARGE_VISION = {
    "vision": {"image_size": 112, "patch_size": 16, "width": 256, "depth": 8, "heads": 8, "mlp_ratio": 4},
    "mistral": {"width": 256, "mlp": 512, "layers": 4, "heads": 8, "kv_heads": 4, "head_width": 32},
    "num_frames": 64,
}


def models(folder: Path) -> dict[str, ConfigDict]:
    """Configs of both models, with a tokenizer."""
    make_tokenizer(folder, SyntheticCorpusSpec("videos", 1).appearance)
    tokenizer = str(folder / "tokenizer.json")
    vocab = load_tokenizer(folder).vocab_size
    found = {}
    for name, changes, bucket in (("quickstart", {}, 168), ("large vision", LARGE_VISION, 640)):
        config: Any = tiny_config(tokenizer, vocab, [], batch_size=1, bucket=bucket, clip_text_length=24)
        for part, fields in changes.items():
            if isinstance(fields, dict):
                config.model[part].update(fields)
            else:
                config.model[part] = fields
        found[name] = config
    return found


def make_video(path: Path) -> None:
    """Ten seconds of noise that moves, 320 x 240."""
    rng = np.random.default_rng(0)
    texture = rng.integers(0, 255, (30, 40, 3), np.uint8).repeat(8, 0).repeat(8, 1)
    write_mp4(path, np.stack([np.roll(texture, 4 * n, 1) for n in range(150)]), rate=15.0)


def append_box(video: Path, number: int) -> None:
    """Appends a box that players skip: the content is another, and the next question a first one."""
    with video.open("ab") as file:
        file.write((16).to_bytes(4, "big") + b"free" + f"{number:08}".encode())


def measure(
    name: str, config: ConfigDict, video: Path, repeats: int, new_tokens: int
) -> tuple[list[float], list[float]]:
    """Seconds of the first and the second question, cold and warm."""
    task: Any = registry.build(config)
    params = jax.jit(task.init)(jax.random.key(0))

    def pair() -> list[float]:
        times = [time.perf_counter()]
        for question in QUESTIONS:
            task.ask(params, video, question, max_new_tokens=new_tokens)
            times.append(time.perf_counter())
        return np.diff(times).tolist()

    seconds = []
    for number in track(range(repeats + 1), name):  # the first one compiles
        if number:
            append_box(video, number)
        seconds.append(pair())
    return seconds[0], np.min(seconds[1:], axis=0).tolist()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--new-tokens", type=int, default=32)
    args = parser.parse_args()
    table = Table(title=f"seconds of a question, {args.new_tokens} new tokens, the fastest of {args.repeats}")
    for column in ("model", "", "first", "second", "share"):
        table.add_column(column, justify="left" if column in ("model", "") else "right")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name, config in models(folder).items():
            make_video(folder / "video.mp4")
            measured = measure(name, config, folder / "video.mp4", args.repeats, args.new_tokens)
            for kind, (first, second) in zip(("cold", "warm"), measured, strict=True):
                table.add_row(name, kind, f"{first:.3f}", f"{second:.3f}", f"{second / first:.1%}")
    Console(width=100).print(table)


if __name__ == "__main__":
    command_line.run_main(main)
