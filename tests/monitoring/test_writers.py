"""Event files and the terminal's lines."""

import io
from pathlib import Path

import pytest
import rich.console
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from timesuite_jax.monitoring import writers
from timesuite_jax.monitoring.writers import TensorBoardWriter, Terminal


def losses(folder: Path) -> list[int]:
    events = EventAccumulator(str(folder))
    events.Reload()
    return [event.step for event in events.Scalars("loss")]


def test_event_files_are_uploaded_to_a_bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(writers, "is_remote", lambda folder: True)
    monkeypatch.setattr(writers, "_UPLOAD_EVERY", 0.0)
    writer = TensorBoardWriter(tmp_path)
    for step in (1, 2):
        writer.write_scalars(step, {"loss": 1.0})
    assert losses(tmp_path) == [1, 2]
    monkeypatch.setattr(writers, "_UPLOAD_EVERY", 100.0)
    writer.write_scalars(3, {"loss": 1.0})
    assert losses(tmp_path) == [1, 2]
    writer.close()
    assert losses(tmp_path) == [1, 2, 3]
    assert len(list(tmp_path.iterdir())) == 1


def test_the_terminals_line_has_units():
    printed = io.StringIO()
    terminal = Terminal(20, console=rich.console.Console(file=printed, width=200))
    metrics = {"loss": 0.5, "goodput": 0.913, "hours/compile": 0.1, "peak_memory_gib": 11.5, "mfu": 0.5}
    terminal.write_scalars(5, {**metrics, "seconds_per_step": 0.25, "tokens_per_second": 12345.6})
    terminal.close()
    line = "step 5/20  loss 0.5  goodput 91.3%  peak memory 11.50 GiB  mfu 50.0%  0.25 s/step  12,346 tokens/s\n"
    assert printed.getvalue() == line
