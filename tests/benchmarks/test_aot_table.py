"""The table of docs/aot.md: its rows name existing configs, its cells come from reports."""

import json
import math
from pathlib import Path

import aot_table
import pytest

from tests.support.aot_report import aot_report
from timesuite_jax.cli._configs import load_config
from timesuite_jax.hlo import Collectives
from timesuite_jax.videochat_t.config import VideoChatTConfig
from timesuite_jax.videochat_t.model.flops import mistral_flops


@pytest.mark.parametrize("row", aot_table.rows())
def test_rows_override_existing_config_keys(row: str):
    config, *words = aot_table.rows()[row]
    load_config(str(aot_table.ROOT / config), [word for word in words if word.startswith("--config.")])


def rows_of(folder: str) -> list[str]:
    """Rows of a training step of a preset, by the folder of the config."""
    return [row for row, words in aot_table.rows().items() if words[0].startswith(folder) and words[-1] == "train"]


# What compiled FLOPs may add to model FLOPs, as a share of these: LoRA 0.6 %, whole blocks of attention on the diagonal
# and the fifth product of its backward kernel 1 %, its forward kernel again 1 %, TAPE, and padding to blocks in the
# vision tower, 2 %. Any part of the model that is computed once more adds 10 % or more.
OVERHEAD = 0.08


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("row", rows_of("configs/timesuite/"))
def test_a_shipped_setting_fits_and_computes_little_more_than_the_model(row: str, tmp_path: Path):
    pytest.importorskip("libtpu")
    words = aot_table.rows()[row]
    aot_table.compile_row(words, tmp_path / "row.json")
    (report,) = json.loads((tmp_path / "row.json").read_text())
    assert report["fits"]
    config = VideoChatTConfig.from_config(load_config(str(aot_table.ROOT / words[0])))
    spec, recomputed = config.model, 0.0
    if spec.mistral.remat == "full":  # the layers' forward pass once more
        chips = math.prod(report["mesh"].values())
        recomputed = config.data.batch_size / chips * mistral_flops(spec.mistral, max(config.data.buckets), 0)
    assert report["flops"] <= (1 + OVERHEAD) * report["model_flops"] + recomputed


# Recomputing the forward pass of all that is trained adds a third. Pretraining recomputes the student only, fine-tuning
# the attention only, whose kernel pads 2,049 tokens to 2,176 and computes the scores once more.
RECOMPUTED = 1.35


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("row", rows_of("configs/internvideo2/"))
def test_a_setting_of_internvideo2_fits_and_recomputes_little(row: str, tmp_path: Path):
    pytest.importorskip("libtpu")
    aot_table.compile_row(aot_table.rows()[row], tmp_path / "row.json")
    (report,) = json.loads((tmp_path / "row.json").read_text())
    assert report["fits"] and not any("kernel" in note for note in report["notes"])
    assert report["flops_ratio"] <= RECOMPUTED


@pytest.mark.parametrize("fits", [True, False])
def test_a_report_becomes_a_line(fits: bool, tmp_path: Path):
    collectives = (
        Collectives("all-gather", "data", 1, 1.5 * 2**30, 2**30),
        Collectives("all-gather", "fsdp", 1, 0.25 * 2**30, 2**29),
        Collectives("all-reduce", "fsdp", 1, 0.25 * 2**30, 0),
        Collectives("reduce-scatter", "fsdp", 1, 0.5 * 2**30, 0),
    )
    report = aot_report(fits=fits, collectives=collectives if fits else ())
    (tmp_path / "B-v5e-64.json").write_text(json.dumps([report.as_json()]))
    head, _, line = aot_table.table(tmp_path).splitlines()
    cells = "1.00 | 2.50 | 4.00 | 3.0 T | 1.500 | 1.75 | 0.25 | 0.50 | 60% | 1.50 s | 60 s (90 of CPU)"
    if not fits:
        cells = "1.00 | 2.50, does not fit | 3.00 | - | - | 0.00 | 0.00 | 0.00 | - | - | 60 s (90 of CPU)"
    assert line == f"| B/v5e-64 | {cells} |"
    assert head.count("|") == line.count("|")
