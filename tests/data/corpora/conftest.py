"""Fixtures of the tests of building and auditing."""

from pathlib import Path

import pytest

from tests.support import sample_videos


@pytest.fixture
def videos(tmp_path) -> Path:
    """Two good videos, a.mp4 and b.mp4, and three bad ones."""
    folder = tmp_path / "videos"
    folder.mkdir()
    (folder / "a.mp4").write_bytes(sample_videos.numbered_video(36))
    (folder / "b.mp4").write_bytes(sample_videos.numbered_video(48))
    (folder / "empty.mp4").write_bytes(b"")
    (folder / "sound.mp4").write_bytes(sample_videos.audio_only())
    (folder / "short.mp4").write_bytes(sample_videos.truncated(sample_videos.numbered_video(), index_first=True))
    return folder
