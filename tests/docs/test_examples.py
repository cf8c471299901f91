"""The documentation's examples run, and the paths that it names exist."""

import dataclasses
import re
from typing import Any, Literal

import jax
import numpy as np
import pytest
from flax import linen as nn

from tests.support.paths import CONFIGS, ROOT
from timesuite_jax.evaluation import Benchmark, Scores, run_benchmark
from timesuite_jax.models.vision import VIDEO_ENCODERS, EncoderEntry, VideoEncoderSpec
from timesuite_jax.videochat_t.config import model_spec
from timesuite_jax.videochat_t.downloads import DOWNLOADS
from timesuite_jax.videochat_t.model.videochat_t import VideoChatT

PAGES = sorted([ROOT / "README.md", ROOT / "benchmarks/README.md", *(ROOT / "docs").glob("*.md")])
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
# Folders that paths in the documentation are relative to.
BASES = [
    ROOT,
    ROOT / "timesuite_jax",
    ROOT / "docs",
    ROOT / "benchmarks",
    ROOT / "launch",
    ROOT / "configs/timesuite",
    ROOT / "configs/mqsa_ted",
]
MAX_LINES_TO_READ = 1500


def example(heading: str) -> str:
    section = ARCHITECTURE.split(f"### {heading}\n")[1]
    return section.split("```python\n")[1].split("```")[0]


def test_the_benchmark_of_the_architecture_page_runs():
    class Guesser:
        settings: dict[str, Any] = {}  # noqa: RUF012

        def prepare(self, prompt: str) -> str:
            return prompt

        def predict(self, inputs: list[str], batch_size: int) -> list[str]:
            return ["blue"] * len(inputs)

    names = {"dataclasses": dataclasses, "np": np, "Benchmark": Benchmark, "Scores": Scores}
    names |= {"run_benchmark": run_benchmark, "predictor": Guesser(), "__name__": __name__}
    exec(example("Add a benchmark"), names)
    assert names["result"].metrics()["accuracy"] == 0.5


def test_the_encoder_of_the_architecture_page_runs(monkeypatch: pytest.MonkeyPatch):
    table = dict(VIDEO_ENCODERS)
    names = {"dataclasses": dataclasses, "nn": nn, "Literal": Literal, "VideoEncoderSpec": VideoEncoderSpec}
    names |= {"EncoderEntry": EncoderEntry, "VIDEO_ENCODERS": table, "__name__": __name__}
    exec(example("Add an encoder"), names)
    monkeypatch.setitem(VIDEO_ENCODERS, "mean", table["mean"])
    spec = model_spec({"variant": "debug", "num_frames": 8, "vision": {"kind": "mean", "width": 12}})
    clips = (2, spec.clips, spec.clip_frames)
    tokens = jax.ShapeDtypeStruct((2, spec.video_tokens + 8), np.int32)
    text = jax.ShapeDtypeStruct((2, spec.clips, 6), np.int32)
    batch = {
        "frames": jax.ShapeDtypeStruct((*clips, 16, 16, 3), np.uint8),
        **{"clip_text": text, "clip_text_mask": jax.ShapeDtypeStruct(text.shape, bool)},
        **{"tokens": tokens, "visual_slot": tokens, "valid": jax.ShapeDtypeStruct(tokens.shape, bool)},
    }
    variables = jax.eval_shape(VideoChatT(spec).init, jax.random.key(0), batch)
    assert "Dense_0" in variables["params"]["vision_encoder"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_named_files_exist(page):
    text = page.read_text(encoding="utf-8")
    paths = re.findall(r"`([\w./-]+\.(?:py|sh|md|ipynb))(?::\w+)?`", text) + re.findall(r"\]\(([\w./-]+\.md)", text)
    missing = [path for path in paths if not any((base / path).exists() for base in (*BASES, page.parent))]
    assert not missing


def test_the_hour_of_reading_is_short():
    page = (ROOT / "docs/reading.md").read_text(encoding="utf-8")
    files = re.findall(r"^\d+\. \[`([\w./]+\.py)`\]", page, flags=re.M)
    lines = sum(len((ROOT / "timesuite_jax" / file).read_text(encoding="utf-8").splitlines()) for file in files)
    assert len(files) > 5 and lines <= MAX_LINES_TO_READ, f"{lines} lines"


def test_the_page_of_downloads_names_all():
    page = (ROOT / "docs/downloads.md").read_text(encoding="utf-8")
    for name, (repository, _) in DOWNLOADS.items():
        assert f"| `downloads/{name}" in page and f"| `{repository}` |" in page and f"hf download {repository} " in page


def test_configs_name_downloads_that_are_documented():
    for path in (CONFIGS / "timesuite").glob("[!_]*.py"):
        for name in re.findall(r"downloads/([\w.-]+)\"", path.read_text(encoding="utf-8")):
            assert name in DOWNLOADS, f"{path}: {name}"
