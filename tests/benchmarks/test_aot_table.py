"""The table of docs/aot.md: its rows name existing configs, its cells come from reports."""

import json
from pathlib import Path

import aot_table
import pytest

from timesuite_jax.aot.report import AotReport
from timesuite_jax.cli._configs import load_config
from timesuite_jax.hlo import Collectives, Memory


@pytest.mark.parametrize("row", aot_table.rows())
def test_rows_override_existing_config_keys(row: str):
    config, *words = aot_table.rows()[row]
    load_config(str(aot_table.ROOT / config), [word for word in words if word.startswith("--config.")])


@pytest.mark.parametrize("fits", [True, False])
def test_a_report_becomes_a_line(fits: bool, tmp_path: Path):
    report = AotReport(
        program="train",
        topology="v5e:1x1",
        mesh={"data": 1},
        memory=Memory(arguments=2**30, peak=3.5 * 2**30, hbm_limit=(4 if fits else 3) * 2**30),
        flops=3e12 if fits else None,
        model_flops=2e12,
        peak_flops=2e12,
        collectives=(
            Collectives("all-gather", "data", 1, 1.5 * 2**30, 2**30),
            Collectives("all-gather", "fsdp", 1, 0.25 * 2**30, 2**29),
            Collectives("all-reduce", "fsdp", 1, 0.25 * 2**30, 0),
        )
        if fits
        else (),
        notes=(),
        lower_seconds=1,
        compile_seconds=60,
        compile_cpu_seconds=90,
    )
    (tmp_path / "B-v5e-64.json").write_text(json.dumps([report.as_json()]))
    head, _, line = aot_table.table(tmp_path).splitlines()
    cells = "1.00 | 2.50 | 4.00 | 3.0 T | 1.500 | 1.75 | 0.25 | 75% | 1.50 s | 60 s (90 of CPU)"
    if not fits:
        cells = "1.00 | 2.50, does not fit | 3.00 | - | - | 0.00 | 0.00 | - | - | 60 s (90 of CPU)"
    assert line == f"| B/v5e-64 | {cells} |"
    assert head.count("|") == line.count("|")
