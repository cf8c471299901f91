"""Measures the building of corpora: storage forms, growth with the number of videos, and the cost of broken videos.

    python benchmarks/corpus_build.py [VIDEO ...]                      # tables; three minutes
    python benchmarks/corpus_build.py --growth 100 1000 10000 --json   # one JSON object

* Storage forms, with VIDEOs (generated ones otherwise: 640x360, 30 s at 30 frames/s, with sound): videos built a second
  by one core, bytes a video, and CPU milliseconds from a record to FRAMES frames of SIZE pixels, which each visit of a
  training run takes.
* Growth, with copies of small synthetic videos: CPU milliseconds a video, and the largest memory of the process. Each
  number of videos is built in a new process.
* Broken videos: CPU seconds of a build of good videos, and of one with 5 % broken files among them (target: at most 2 %
  more). The script fails if a record of a good video differs.

One process does all work, as `build_corpus` does with `workers=0`, so that its CPU seconds are those of a core.
Repetitions of what is compared are interleaved, and the fastest of each counts.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import command_line
import numpy as np
from corpus_videos import annotate, broken_videos, long_video, small_videos
from rich.console import Console
from rich.table import Table

from timesuite_jax.data.corpora import BuildSpec, Record, build_corpus, open_corpus, read_record
from timesuite_jax.data.corpora.annotation_set import read_annotation_set
from timesuite_jax.media import SamplingSpec, choose_frames, decode_jpegs, sample_video
from timesuite_jax.progress import track

FORMS = {
    "video": {},
    "video, no sound": {"audio": "drop"},
    "128 frames, 256 px": {"frames": 128},
    "192 frames, 256 px": {"frames": 192},
    "2 frames/s, 256 px": {"fps": 2.0},
}
SPEC = BuildSpec("c", on_bad_span="keep")
TARGET = 0.02  # share by which 5 % broken files may slow down a build


def to_batch(record: Record, frames: int, size: int) -> np.ndarray:
    """Frames of a record as a training step takes them."""

    def resize(height: int, width: int) -> tuple[int, int]:
        return size, size

    spec = SamplingSpec(frames)
    if record.video is not None:
        return sample_video(record.video, spec, resize=resize).frames
    numbers, _ = choose_frames(np.asarray(record.frame_times), record.duration, 1.0, spec)
    return decode_jpegs([record.frames[number] for number in numbers], name=record.id, resize=resize)


def read_all(folder: Path, args: argparse.Namespace) -> None:
    """Reads all records of a corpus."""
    _, records = open_corpus(folder)
    for number in range(len(records)):
        to_batch(read_record(records, number), args.frames, args.size)


def measure_forms(folder: Path, args: argparse.Namespace) -> list[dict[str, Any]]:
    """What each storage form costs when a corpus is built and when it is read."""
    videos = args.videos or [folder / f"{number}.mp4" for number in range(1 if args.tiny else 3)]
    for number, video in enumerate([] if args.videos else videos):
        video.write_bytes(long_video(number, 1 if args.tiny else 30))
    source = folder / "videos"
    source.mkdir()
    for video in videos:
        (source / video.name).symlink_to(video.absolute())
    annotations = annotate(folder / "forms.json", [video.name for video in videos])
    build, read = (dict.fromkeys(FORMS, np.inf) for _ in range(2))
    size: dict[str, int] = {}
    for repeat in track(range(args.repeats), "storage forms", args.repeats, quiet=args.json):
        for number, (form, options) in enumerate(FORMS.items()):
            out = folder / f"form{number}_{repeat}"
            start = time.process_time()
            info = build_corpus(annotations, source, out, replace(SPEC, **options), quiet=True)
            built = time.process_time()
            read_all(out, args)
            build[form] = min(build[form], built - start)
            read[form] = min(read[form], time.process_time() - built)
            size[form] = sum(info.bytes)
    count = len(videos)
    return [
        {
            "storage": form,
            "videos_per_cpu_second": count / build[form],
            "bytes_per_video": size[form] / count,
            "read_cpu_seconds_per_video": read[form] / count,
        }
        for form in FORMS
    ]


def build_alone(annotations: str, videos: str, out: str, shards: str) -> None:
    """Builds a corpus, and prints what it took: run in a new process."""
    start, wall = time.process_time(), time.perf_counter()
    info = build_corpus(annotations, videos, out, replace(SPEC, shards=int(shards)), quiet=True)
    measured = {
        "videos": len(info),
        "wall_seconds": time.perf_counter() - wall,
        "cpu_seconds_per_video": (time.process_time() - start) / len(info),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(measured))


def measure_growth(folder: Path, args: argparse.Namespace) -> list[dict[str, Any]]:
    """Time and memory of builds of different numbers of videos."""
    found = []
    for count in track(args.growth, "growth", len(args.growth), quiet=args.json):
        annotations = annotate(folder / f"growth{count}.json", small_videos(folder / "small", count))
        words = [annotations, folder / "small", folder / f"growth{count}", max(count // 100, 1)]
        command = [sys.executable, __file__, "--build", *map(str, words)]
        done = command_line.run_child(command, stdout=subprocess.PIPE)
        found.append(json.loads(done.stdout))
    return found


def payloads(folder: Path) -> dict[str, bytes]:
    """The bytes of each record by its id."""
    _, records = open_corpus(folder)
    return {read_record(records, number).id: records[number] for number in range(len(records))}


def measure_broken(folder: Path, args: argparse.Namespace) -> dict[str, Any]:
    """The cost of broken files, with the same annotations, of which one build leaves out those of broken files."""
    videos, count = folder / "small", args.good
    good, broken = small_videos(videos, count), broken_videos(videos, max(count // 20, 1))
    place = count // len(broken)
    names = [name for n, one in enumerate(good) for name in ([one, broken[n // place]] if n % place == 0 else [one])]
    mixed = read_annotation_set(annotate(folder / "mixed.json", names), videos)
    alone = tuple(one for one in mixed.annotations if one.video in good)
    sets = {"good": replace(mixed, annotations=alone), "mixed": mixed}
    fastest = dict.fromkeys(sets, np.inf)
    built: dict[str, dict[str, bytes]] = {}
    for repeat in track(range(args.repeats), "broken videos", args.repeats, quiet=args.json):
        for kind, annotations in sets.items():
            out = folder / f"{kind}{repeat}"
            start = time.process_time()
            info = build_corpus(annotations, videos, out, replace(SPEC, shards=4), quiet=True)
            fastest[kind] = min(fastest[kind], time.process_time() - start)
            assert len(info.quarantine) == len(names) - count if kind == "mixed" else not info.quarantine
            built[kind] = built.get(kind) or payloads(out)
    if built["good"] != built["mixed"]:
        raise ValueError("records of good videos differ where broken files are among them")
    return {
        "good": count,
        "broken": len(names) - count,
        "cpu_seconds": fastest,
        "cost": fastest["mixed"] / fastest["good"] - 1,
        "target": TARGET,
    }


def show_forms(rows: list[dict[str, Any]]) -> Table:
    table = Table("storage", "videos a second a core", "kB a video", "reading, CPU ms a video", title="Storage forms")
    for row in rows:
        kilobytes, milliseconds = row["bytes_per_video"] / 1e3, 1e3 * row["read_cpu_seconds_per_video"]
        table.add_row(row["storage"], f"{row['videos_per_cpu_second']:.2f}", f"{kilobytes:.0f}", f"{milliseconds:.0f}")
    return table


def show_growth(rows: list[dict[str, Any]]) -> Table:
    table = Table("videos", "CPU ms a video", "wall s", "peak memory, MB", title="Growth, small videos")
    for row in rows:
        milliseconds, seconds = 1e3 * row["cpu_seconds_per_video"], row["wall_seconds"]
        table.add_row(f"{row['videos']}", f"{milliseconds:.2f}", f"{seconds:.1f}", f"{row['peak_memory_mb']:.0f}")
    return table


def show_broken(found: dict[str, Any]) -> str:
    seconds = found["cpu_seconds"]
    return (
        f"{found['broken']} broken files among {found['good']} good ones: {seconds['mixed']:.2f} CPU s instead of "
        f"{seconds['good']:.2f}, {found['cost']:+.1%} (target: at most {found['target']:.0%}); no other record changes"
    )


PARTS = {
    "storage": (measure_forms, show_forms),
    "growth": (measure_growth, show_growth),
    "broken": (measure_broken, show_broken),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", nargs="*", type=Path, metavar="VIDEO")
    parser.add_argument("--growth", nargs="+", type=int, default=[100, 300, 1000], help="numbers of videos")
    parser.add_argument("--good", type=int, default=400, help="good videos among which are broken ones (%(default)s)")
    parser.add_argument("--frames", type=int, default=128, help="frames of a sample (%(default)s)")
    parser.add_argument("--size", type=int, default=224, help="pixels of their sides (%(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="interleaved repetitions (%(default)s)")
    parser.add_argument("--tiny", action="store_true", help="few and short videos, to try the script")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args()
    if args.tiny:
        args.growth, args.good = [2, 4], 20
    result = {}
    with tempfile.TemporaryDirectory() as name:
        for part, (measure, show) in PARTS.items():
            result[part] = measure(Path(name), args)
            if not args.json:
                Console().print(show(result[part]))
    if args.json:
        print(json.dumps(result))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--build"]:
        build_alone(*sys.argv[2:])
    else:
        command_line.run_main(main)
