"""TimePro annotation files."""

import json
from pathlib import Path

GROUNDING = "temporal_video_grounding"


def write(folder: Path, entries: list | str) -> Path:
    """Writes `folder/annotations.json`, of entries or of any text."""
    path = folder / "annotations.json"
    path.write_text(entries if isinstance(entries, str) else json.dumps(entries))
    return path


def entry(video: str = "a.mp4", **changes) -> dict:
    """A grounding question about a video; `changes` replace fields."""
    answer = "The given query happens in 0.5 - 2.5 seconds."
    return {"video": video, "QA": [{"i": "", "q": "When does it happen?", "a": answer}], **changes}
