"""Small corpora, specs and streams for tests of training data."""

import dataclasses
import json
from pathlib import Path

from tests.support import sample_videos
from timesuite_jax.data.corpora import BuildSpec, CorpusShare, RecordStream, build_corpus
from timesuite_jax.text import build_word_tokenizer, load_clip_tokenizer, load_tokenizer
from timesuite_jax.videochat_t.data.spec import DataSpec, SampleSpec, VideoInputSpec
from timesuite_jax.videochat_t.data.stream import train_stream

TEXTS = [
    "When is video number 0 ? Video 0 lasts From 0.0 to 9.9 seconds. one two three four five",
    "The 1-th video clip contains 4 frames sampled at 0.1, 0.2 seconds. without timestamps",
    "The video contains 8 frames sampled from 1 to 2 seconds, one every 0.1 seconds.",
]
VIDEO_INPUTS = VideoInputSpec(clips=2, clip_frames=4, size=16, n_visual=6)


def tokenizers(folder: Path):
    path = build_word_tokenizer(TEXTS, folder)
    return load_tokenizer(path), load_clip_tokenizer(path)


def make(folder: Path, name: str, count: int, *, frames: int | None = None, turns: int = 1, shards: int = 1) -> Path:
    """Builds a corpus of videos of different lengths; the answer of record n contains n."""
    videos = folder / f"{name}_videos"
    videos.mkdir(parents=True)
    entries = []
    for n in range(count):
        (videos / f"{n}.mp4").write_bytes(sample_videos.numbered_video(16 + 2 * n, rate=8))
        question = f"When is video number {n}?"
        pairs = [{"q": question + " one two" * k, "a": f"Video {n} three {k}."} for k in range(turns)]
        entries.append({"video": f"{n}.mp4", "QA": pairs})
    path = folder / f"{name}.json"
    path.write_text(json.dumps(entries))
    spec = BuildSpec(name, task="conversation", shards=shards, frames=frames)
    build_corpus(path, videos, folder / name, spec, quiet=True)
    return folder / name


def sample_spec(**changes) -> SampleSpec:
    """Returns a spec for deterministic samples of `VIDEO_INPUTS`, with some fields changed."""
    fields = {
        "buckets": (64, 80, 128),
        "clip_text_length": 48,
        "sampling": "middle",
        "transform": "whole",
        "turns": "all",
    }
    return SampleSpec(**{**fields, **changes})


def stream(folders, texts, *, batch=4, seed=3, process=(0, 1), sample=None, **changes) -> RecordStream:
    """Returns a training stream of corpora; `changes` are fields of `DataSpec`."""
    shares = [folder if isinstance(folder, CorpusShare) else CorpusShare(str(folder)) for folder in folders]
    spec = DataSpec(
        corpora=tuple(f"{share.folder}*{share.repeat}" for share in shares),
        batch_size=batch,
        **dataclasses.asdict(sample or sample_spec()),
        **{"threads": 4, **changes},
    )
    return train_stream(spec, VIDEO_INPUTS, *texts, seed=seed, process_index=process[0], process_count=process[1])
