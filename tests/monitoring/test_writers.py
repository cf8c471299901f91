"""Event files."""

from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from timesuite_jax.monitoring import writers
from timesuite_jax.monitoring.writers import TensorBoardWriter


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
