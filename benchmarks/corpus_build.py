"""Measures the building of corpora: storage forms, growth with the number of videos, and the cost of broken videos.

    python benchmarks/corpus_build.py [VIDEO ...] [--growth 100 300 1000] [--workers 0] [--frames 128] [--size 224]

* For each storage form, with VIDEOs (generated ones otherwise: 640x360, 30 s at 30 frames/s, with sound): videos built
  a CPU second, bytes a video, and CPU milliseconds from a record to FRAMES frames of SIZE pixels, which each visit of a
  training run takes.
* Growth, with copies of small synthetic videos: CPU milliseconds a video and the largest memory of a process.
* Broken videos: CPU seconds for the good ones, without and with 5 % broken files among them, interleaved.

CPU seconds are those of the building process; `--workers 0`, the default, measures all work.
Growth to 10,000: `--growth 100 1000 10000`.
"""

import argparse
import io
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
from rich.console import Console
from rich.table import Table

from timesuite_jax.data.corpora import BuildSpec, Record, build_corpus, open_corpus, read_record
from timesuite_jax.data.synthetic.moving_shapes import MovingShapesSpec, make_video
from timesuite_jax.media import SamplingSpec, choose_frames, decode_jpegs, sample_video, write_mp4

FORMS = {
    "video": {},
    "video, no sound": {"audio": "drop"},
    "128 frames, 256 px": {"frames": 128},
    "192 frames, 256 px": {"frames": 192},
    "2 frames/s, 256 px": {"fps": 2.0},
}
DISTINCT = 20  # small videos of the growth measurement; the others are links to them


def long_video(number: int, seconds: int = 30) -> bytes:
    """A moving pattern with sound, about 1.3 Mbit/s."""
    rows, columns = np.mgrid[0:360, 0:640]
    rng = np.random.default_rng(number)
    texture = rng.integers(0, 40, (45, 80, 3)).repeat(8, 0).repeat(8, 1)
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        video, audio = container.add_stream("libx264", rate=30), container.add_stream("aac", rate=44100)
        video.width, video.height, video.pix_fmt = 640, 360, "yuv420p"
        for n in range(30 * seconds):
            wave = 100 + 60 * np.sin((columns + 3 * n) / 37 + number) + 40 * np.cos((rows - 2 * n) / 23)
            pixels = np.clip(wave[..., None] + np.roll(texture, n // 2, 1), 0, 255).astype(np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            noise = rng.normal(0, 0.1, (1, 1470)).astype(np.float32)
            sound = av.AudioFrame.from_ndarray(noise, format="fltp", layout="mono")
            sound.rate, sound.pts = 44100, 1470 * n
            container.mux(audio.encode(sound))
        for stream in (video, audio):
            container.mux(stream.encode(None))
    return out.getvalue()


def annotate(folder: Path, names: list[str]) -> Path:
    path = folder / "annotations.json"
    answer = [{"q": "When does it happen?", "a": "From 0.1 to 0.9 seconds."}]
    path.write_text(json.dumps([{"video": name, "QA": answer} for name in names]))
    return path


def cpu_seconds() -> float:
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in usage)


def build_alone(annotations: Path, videos: Path, out: Path, spec: BuildSpec, workers: int) -> dict[str, float]:
    """Builds in a new process; returns its wall and CPU seconds with those of its workers, and the largest memory."""
    words = [sys.executable, __file__, "--build", str(annotations), str(videos), str(out), repr(workers)]
    done = subprocess.run([*words, json.dumps(vars(spec))], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def build_here(annotations: str, videos: str, out: str, workers: str, fields: str) -> None:
    start, before = time.perf_counter(), cpu_seconds()
    info = build_corpus(annotations, videos, out, BuildSpec(**json.loads(fields)), workers=int(workers), quiet=True)
    wall = time.perf_counter() - start
    memory = [resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(json.dumps({"wall": wall, "cpu": cpu_seconds() - before, "records": len(info), "bytes": sum(info.bytes),
                      "parent_mb": memory[0], "worker_mb": memory[1]}))  # fmt: skip


def to_batch(record: Record, frames: int, size: int) -> np.ndarray:
    """Frames of a record as a training step takes them."""

    def resize(height: int, width: int) -> tuple[int, int]:
        return size, size

    spec = SamplingSpec(frames)
    if record.video is not None:
        return sample_video(record.video, spec, resize=resize).frames
    numbers, _ = choose_frames(np.asarray(record.frame_times), record.duration, 1.0, spec)
    return decode_jpegs([record.frames[number] for number in numbers], name=record.id, resize=resize)


def measure_forms(videos: list[Path], folder: Path, args: argparse.Namespace) -> Table:
    table = Table(
        title=f"{len(videos)} videos, {args.workers} workers; reading: {args.frames} frames of {args.size} px"
    )
    for column in ("storage", "videos per CPU second", "kB a video", "reading, CPU ms a video"):
        table.add_column(column, justify="left" if column == "storage" else "right")
    source = folder / "videos"
    source.mkdir()
    for video in videos:
        (source / video.name).symlink_to(video.absolute())
    annotations = annotate(folder, [video.name for video in videos])
    for number, (form, options) in enumerate(FORMS.items()):
        out = folder / f"form{number}"
        done = build_alone(annotations, source, out, BuildSpec("c", on_bad_span="keep", **options), args.workers)
        _, records = open_corpus(out)
        best = np.inf
        for _ in range(3):
            before = time.process_time()
            for n in range(len(records)):
                to_batch(read_record(records, n), args.frames, args.size)
            best = min(best, time.process_time() - before)
        count = done["records"]
        table.add_row(
            form, f"{count / done['cpu']:.2f}", f"{done['bytes'] / count / 1e3:.0f}", f"{1e3 * best / count:.0f}"
        )
    return table


def link_copies(folder: Path, count: int) -> list[str]:
    """Names of small videos, links to a few."""
    rng = np.random.default_rng(0)
    source = folder / "small"
    source.mkdir(exist_ok=True)
    for n in range(min(DISTINCT, count)):
        if not (source / f"{n:06d}.mp4").exists():
            video = make_video(MovingShapesSpec(), rng)
            write_mp4(source / f"{n:06d}.mp4", video.frames, rate=video.rate)
    for n in range(DISTINCT, count):
        if not (source / f"{n:06d}.mp4").exists():
            (source / f"{n:06d}.mp4").hardlink_to(source / f"{n % DISTINCT:06d}.mp4")
    return [f"{n:06d}.mp4" for n in range(count)]


def measure_growth(folder: Path, args: argparse.Namespace) -> Table:
    table = Table(title=f"growth, small videos, {args.workers} workers")
    for column in ("videos", "wall s", "CPU ms a video", "parent MB", "largest worker MB"):
        table.add_column(column, justify="right")
    for count in args.growth:
        annotations = annotate(folder, link_copies(folder, count))
        spec = BuildSpec("c", shards=max(count // 100, 1), on_bad_span="keep")
        done = build_alone(annotations, folder / "small", folder / f"growth{count}", spec, args.workers)
        each = f"{1e3 * done['cpu'] / count:.1f}"
        table.add_row(f"{count}", f"{done['wall']:.1f}", each, f"{done['parent_mb']:.0f}", f"{done['worker_mb']:.0f}")
    return table


def measure_broken(folder: Path, args: argparse.Namespace, count: int = 400) -> str:
    names = link_copies(folder, count)
    whole = (folder / "small" / names[0]).read_bytes()
    broken = []
    for n in range(count // 20):
        data = (b"", whole[: len(whole) // 2], b"no video" * 100, whole[:-100] + bytes(100))[n % 4]
        broken.append(f"broken{n}.mp4")
        (folder / "small" / broken[-1]).write_bytes(data)
    mixed = [name for n, good in enumerate(names) for name in ([good, broken[n // 20]] if n % 20 == 0 else [good])]
    spec = BuildSpec("c", shards=4, on_bad_span="keep")
    best = {"good": np.inf, "mixed": np.inf}
    for repeat in range(args.repeats):
        for kind, some in (("good", names), ("mixed", mixed)):
            out = folder / f"{kind}{repeat}"
            done = build_alone(annotate(folder, some), folder / "small", out, replace(spec), args.workers)
            assert done["records"] == count or kind == "mixed"
            best[kind] = min(best[kind], done["cpu"])
    return (
        f"{len(broken)} broken files among {count} good ones: {best['mixed']:.2f} CPU s instead of {best['good']:.2f}, "
        f"{best['mixed'] / best['good'] - 1:+.1%} (target at most 2 %)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", nargs="*", type=Path)
    parser.add_argument("--growth", nargs="*", type=int, default=[100, 300, 1000])
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--frames", type=int, default=128)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        videos = args.videos
        if not videos:
            videos = [folder / f"{n}.mp4" for n in range(3)]
            for n, video in enumerate(videos):
                video.write_bytes(long_video(n))
        console = Console(width=120)
        console.print(measure_forms(videos, folder, args))
        console.print(measure_growth(folder, args))
        print(measure_broken(folder, args))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--build"]:
        build_here(*sys.argv[2:])
    else:
        main()
