"""Measures decoding clips of 8 x 224 px against a plain PyAV loop and TorchCodec on the same files, one thread each.

    python benchmarks/clip_throughput.py [VIDEO ...] [--frames 8] [--size 224] [--threads 1] [--repeats 5]

All return the same frames (the middles of segments) as uint8 arrays of SIZE x SIZE, and decode with the same number of
threads. The plain loop decodes up to the last of these frames and converts them with FFmpeg's `reformat`; TorchCodec's
`VideoDecoder` seeks and resizes by its `Resize` transform, with seek_mode="exact", which reads all packets first as we
do, and with "approximate", which trusts the header. Rates are frames of clips per CPU second, from the fastest of
interleaved repetitions.

TorchCodec is measured if it is installed: `pip install torch torchcodec`, with FFmpeg's libraries.
"""

import argparse
import importlib
import importlib.util
import json
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import av
import command_line
import numpy as np
from decode_throughput import cpu_seconds, make_videos
from rich.console import Console
from rich.table import Table

from timesuite_jax.media import Deadline
from timesuite_jax.media.action_frames import segments_middle
from timesuite_jax.media.chosen_frames import decode_chosen
from timesuite_jax.progress import track

Method = Callable[[Path], np.ndarray]


def plain(path: Path, *, frames: int, size: int, threads: int) -> np.ndarray:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = threads
        numbers = segments_middle(stream.frames, frames)
        wanted, out = set(numbers.tolist()), []
        for number, frame in enumerate(container.decode(stream)):
            if number in wanted:
                out.append(frame.reformat(size, size, "rgb24").to_ndarray())
                if number == numbers[-1]:
                    break
    return np.stack(out)


def ours(path: Path, *, frames: int, size: int, threads: int) -> np.ndarray:
    decoded, _, _ = decode_chosen(
        path,
        lambda index: (segments_middle(len(index), frames), None),
        name=path.name,
        deadline=Deadline(path.name, 60.0),
        resize=lambda height, width: (size, size),
        threads=threads,
    )
    return decoded


def torchcodec(path: Path, *, frames: int, size: int, threads: int, seek_mode: str) -> np.ndarray:
    decoders: Any = importlib.import_module("torchcodec.decoders")
    transforms: Any = importlib.import_module("torchcodec.transforms")
    decoder = decoders.VideoDecoder(
        str(path),
        dimension_order="NHWC",
        num_ffmpeg_threads=threads,
        seek_mode=seek_mode,
        transforms=[transforms.Resize(size=(size, size))],
    )
    numbers = segments_middle(decoder.metadata.num_frames, frames).tolist()
    return decoder.get_frames_at(numbers).data.numpy()


def methods(frames: int, size: int, threads: int) -> dict[str, Method]:
    """The methods that can be measured here, ours last."""
    options = {"frames": frames, "size": size, "threads": threads}
    found: dict[str, Method] = {"PyAV": partial(plain, **options)}
    if importlib.util.find_spec("torchcodec"):
        for seek_mode in ("exact", "approximate"):
            found[f"TorchCodec {seek_mode}"] = partial(torchcodec, **options, seek_mode=seek_mode)
    return {**found, "ours": partial(ours, **options)}


def measure(videos: list[Path], found: dict[str, Method], frames: int, repeats: int) -> dict[str, dict[str, float]]:
    """Frames per CPU second of each video by each method."""
    rates = {}
    for path in track(videos, "videos"):
        best = dict.fromkeys(found, float("inf"))
        for _ in range(repeats):
            for name, method in found.items():
                best[name] = min(best[name], cpu_seconds(partial(method, path)))
        rates[path.name] = {name: frames / seconds for name, seconds in best.items()}
    return rates


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", nargs="*", type=Path)
    parser.add_argument("--frames", type=int, default=8)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print JSON instead")
    args = parser.parse_args()
    found = methods(args.frames, args.size, args.threads)
    with tempfile.TemporaryDirectory() as folder:
        videos = args.videos or make_videos(Path(folder))
        rates = measure(videos, found, args.frames, args.repeats)
    # Of all videos: the time of each, summed.
    total = {name: len(rates) / sum(1 / video[name] for video in rates.values()) for name in found}
    ratios = {name: total["ours"] / total[name] for name in found if name != "ours"}
    if args.json:
        print(json.dumps({"rates": rates, "total": total, "ratios": ratios}))
        return
    table = Table(title=f"clips of {args.frames} x {args.size} px, {args.threads} threads: frames per CPU second")
    for column in ("video", *found):
        table.add_column(column, justify="left" if column == "video" else "right")
    for name, video in {**rates, "all": total}.items():
        table.add_row(name, *(f"{video[method]:.0f}" for method in found))
    Console(width=120).print(table)
    print("ours to " + ", ".join(f"{name} {ratio:.2f}" for name, ratio in ratios.items()) + " (target 1.0)")


if __name__ == "__main__":
    command_line.run_main(main)
