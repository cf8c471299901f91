"""Generated videos and annotations for `corpus_build.py`."""

import io
import json
from pathlib import Path

import av
import numpy as np

from timesuite_jax.data.synthetic.moving_shapes import MovingShapesSpec, make_video
from timesuite_jax.media import write_mp4

_DISTINCT = 20  # small videos; the others are links to them
_WIDTH, _HEIGHT, _RATE, _SOUND_RATE = 640, 360, 30, 44100


def long_video(number: int, seconds: int) -> bytes:
    """A moving pattern with sound, 640x360 at 30 frames/s, about 1 Mbit/s."""
    rows, columns = np.mgrid[0:_HEIGHT, 0:_WIDTH]
    rng = np.random.default_rng(number)
    texture = rng.integers(0, 40, (_HEIGHT // 8, _WIDTH // 8, 3)).repeat(8, 0).repeat(8, 1)
    samples = _SOUND_RATE // _RATE
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        video = container.add_stream("libx264", rate=_RATE)
        audio = container.add_stream("aac", rate=_SOUND_RATE)
        video.width, video.height, video.pix_fmt = _WIDTH, _HEIGHT, "yuv420p"
        for n in range(_RATE * seconds):
            wave = 100 + 60 * np.sin((columns + 3 * n) / 37 + number) + 40 * np.cos((rows - 2 * n) / 23)
            pixels = np.clip(wave[..., None] + np.roll(texture, n // 2, 1), 0, 255).astype(np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            noise = rng.normal(0, 0.1, (1, samples)).astype(np.float32)
            sound = av.AudioFrame.from_ndarray(noise, format="fltp", layout="mono")
            sound.rate, sound.pts = _SOUND_RATE, samples * n
            container.mux(audio.encode(sound))
        for stream in (video, audio):
            container.mux(stream.encode(None))
    return out.getvalue()


def small_videos(folder: Path, count: int) -> list[str]:
    """Writes videos of 64x64 pixels and 4 to 10 s, most of them links to others; returns their names."""
    folder.mkdir(exist_ok=True)
    names = [f"{n:06d}.mp4" for n in range(count)]
    rng = np.random.default_rng(0)
    for n, name in enumerate(names):
        if n < _DISTINCT:
            video = make_video(MovingShapesSpec(), rng)
            write_mp4(folder / name, video.frames, rate=video.rate)
        elif not (folder / name).exists():
            (folder / name).hardlink_to(folder / names[n % _DISTINCT])
    return names


def broken_videos(folder: Path, count: int) -> list[str]:
    """Writes files that are no videos: empty, truncated, of other content, with their index overwritten by zeros."""
    names = [f"broken{n}.mp4" for n in range(count)]
    whole = (folder / small_videos(folder, 1)[0]).read_bytes()
    for n, name in enumerate(names):
        damages = (b"", whole[: len(whole) // 2], b"no video" * 100, whole[:-100] + bytes(100))
        (folder / name).write_bytes(damages[n % len(damages)])
    return names


def annotate(path: Path, names: list[str]) -> Path:
    """Writes annotations with a question about each video."""
    question = [{"q": "When does it happen?", "a": "From 0.1 to 0.9 seconds."}]
    path.write_text(json.dumps([{"video": name, "QA": question} for name in names]))
    return path
