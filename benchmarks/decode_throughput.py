"""Measures the throughput of decoding, sampling and resizing against a plain PyAV loop on the same files.

    python benchmarks/decode_throughput.py [VIDEO ...] [--frames 128] [--size 224] [--repeats 3]

Both select the same frames (segment middles), resize them to SIZE x SIZE in FFmpeg and return uint8 arrays, with one
decoder thread. Rates are per CPU second, from the fastest of interleaved repetitions. The plain loop is

    for number, frame in enumerate(container.decode(video=0)):
        if number in wanted:
            out.append(frame.reformat(SIZE, SIZE, "rgb24").to_ndarray())

with FFmpeg's default filter (bilinear), and again with bicubic. This project averages by area.

Without files it generates some: a moving test image, 640x360, 10 s at 30 frames/s, x264 with default settings.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import av
import command_line
import numpy as np
from rich.console import Console
from rich.table import Table

from timesuite_jax.media import SamplingSpec, choose_from_index, index_video, sample_video, write_mp4
from timesuite_jax.progress import track


def plain(path: Path, frames: int, size: int, interpolation: str | None = None) -> np.ndarray:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        count = stream.frames
        numbers = ((np.arange(frames) + 0.5) / frames * count).astype(int)
        wanted, out = set(numbers.tolist()), {}
        for number, frame in enumerate(container.decode(stream)):
            if number in wanted:
                out[number] = frame.reformat(size, size, "rgb24", interpolation=interpolation).to_ndarray()
    return np.stack([out[number] for number in numbers])


def ours(path: Path, frames: int, size: int) -> np.ndarray:
    return sample_video(path, SamplingSpec(frames), resize=lambda height, width: (size, size), threads=1).frames


def cpu_seconds(run: Callable[[], object]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def make_videos(folder: Path, count: int = 3) -> list[Path]:
    rows, columns = np.mgrid[0:360, 0:640]
    paths = []
    for number in range(count):
        rng = np.random.default_rng(number)
        # Patches of 8 pixels: per-pixel noise would make a file ten times larger than typical videos.
        texture = rng.integers(0, 40, (45, 80, 3)).repeat(8, 0).repeat(8, 1)
        frames = np.empty((300, 360, 640, 3), np.uint8)
        for n in range(300):
            wave = 100 + 60 * np.sin((columns + 3 * n) / 37 + number) + 40 * np.cos((rows - 2 * n) / 23)
            frames[n] = np.clip(wave[..., None] + np.roll(texture, n // 2, 1), 0, 255)
        paths.append(folder / f"{number}.mp4")
        write_mp4(paths[-1], frames, rate=30, preset="medium")
    return paths


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", nargs="*", type=Path)
    parser.add_argument("--frames", type=int, default=128)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        videos = args.videos or make_videos(Path(folder))
        table = Table(title=f"{args.frames} frames of each, {args.size} x {args.size}, one thread, per CPU second")
        for column in ("video", "frames", "plain", "plain bicubic", "ours", "ours: frames/s", "ratio"):
            table.add_column(column, justify="left" if column == "video" else "right")
        methods = (plain, partial(plain, interpolation="BICUBIC"), ours)
        totals = np.zeros(3)
        for path in track(videos, "videos"):
            index = index_video(path)
            distinct = len(np.unique(choose_from_index(index, SamplingSpec(args.frames))[0]))
            best = np.full(3, np.inf)
            for _ in range(args.repeats):
                for column, method in enumerate(methods):
                    best[column] = min(best[column], cpu_seconds(partial(method, path, args.frames, args.size)))
            totals += best
            rates = [f"{1 / seconds:.2f} videos/s" for seconds in best]
            table.add_row(path.name, str(len(index)), *rates, f"{distinct / best[2]:.0f}", f"{best[0] / best[2]:.2f}")
        Console(width=140).print(table)
        ratio, bicubic = totals[:2] / totals[2]
        print(f"all files: {ratio:.2f} times the plain loop (target 1.5), {bicubic:.2f} times the bicubic one")


if __name__ == "__main__":
    command_line.run_main(main)
