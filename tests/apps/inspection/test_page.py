"""The page of samples: complete, self-contained, and safe with any text of a corpus."""

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from tests.support import sample_videos
from timesuite_jax.apps.inspection.page import write_page
from timesuite_jax.apps.inspection.report import inspect_corpus
from timesuite_jax.apps.inspection.sample_frames import sample_frames
from timesuite_jax.data.corpora import BuildSpec, build_corpus

_VOID = {"meta", "img"}


class _Elements(HTMLParser):
    """Checks that elements are nested, and collects their attributes and the text."""

    def __init__(self):
        super().__init__()
        self.open, self.attributes, self.names, self.text = [], [], [], ""

    def handle_starttag(self, tag, attrs):
        self.names.append(tag)
        self.attributes += attrs
        if tag not in _VOID and not (self.get_starttag_text() or "").endswith("/>"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if (self.get_starttag_text() or "").endswith("/>") and self.open[-1:] != [tag]:
            return
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def corpus(tmp_path):
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos/a.mp4").write_bytes(sample_videos.numbered_video(40, rate=8))
    nasty = '</p><script>alert(1)</script> & "quotes" \N{SNOWMAN}'
    entries = [
        {
            "video": "a.mp4",
            "QA": [
                {"q": nasty, "a": "From 1.0 to 2.0 seconds.", "spans": [[1, 2], [3, 4]]},
                {"q": "And a dog?", "a": "It does not appear.", "spans": []},
            ],
            "task": "temporal_video_grounding",
        },
        *({"video": "a.mp4", "QA": [{"q": f"What {n}?", "a": nasty}], "task": "conversation"} for n in range(9)),
    ]
    (tmp_path / "a.json").write_text(json.dumps(entries))
    build_corpus(tmp_path / "a.json", tmp_path / "videos", tmp_path / "out", BuildSpec("out"), quiet=True)
    return tmp_path / "out"


def test_page(corpus, tmp_path):
    report = inspect_corpus(corpus, None, 3, quiet=True)
    assert [record.task for record in report.samples] == ["conversation"] * 3 + ["temporal_video_grounding"]
    write_page([report], tmp_path / "page.html", config=None)
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    page = _Elements()
    page.feed(text)
    assert not page.open
    assert "script" not in page.names and "link" not in page.names
    sources = [value for name, value in page.attributes if name in ("src", "href")]
    assert len(sources) == 4 * 8 and all(value.startswith("data:image/jpeg;base64,") for value in sources)
    assert "</p><script>alert(1)</script>" in page.text and "<script>" not in text
    assert len(re.findall("<svg", text)) == 1  # of the one record with true spans
    assert "question 1: 3 to 4 s" in page.text
    assert re.findall("true spans: (.*?)<", text) == ["1 to 2 s, 3 to 4 s", "none"]  # the conversations have no line
    assert "10 records, 11 questions" in page.text


@pytest.mark.parametrize("stored", [5, 8, 12, 15, 23])
def test_stored_frames_are_shown_from_all_of_the_video(corpus, tmp_path, stored):
    spec = BuildSpec("stored", frames=stored)
    build_corpus(tmp_path / "a.json", tmp_path / "videos", tmp_path / "stored", spec, quiet=True)
    (record, *_) = inspect_corpus(tmp_path / "stored", None, 1, quiet=True).samples
    seconds = [second for second, _ in sample_frames(record, 8, 60.0)]
    assert len(seconds) == min(stored, 8) and (seconds[0], seconds[-1]) == (
        record.frame_times[0],
        record.frame_times[-1],
    )
    steps = np.diff([record.frame_times.index(second) for second in seconds])
    assert steps.max() - steps.min() <= 1


def test_a_damaged_video_is_reported_on_the_page(corpus, tmp_path, monkeypatch):
    report = inspect_corpus(corpus, None, 1, quiet=True)
    broken = [type(record)(**{**record.__dict__, "video": record.video[:200]}) for record in report.samples]
    write_page([type(report)(**{**report.__dict__, "samples": broken})], tmp_path / "page.html", config=None)
    assert "no frames: " in (tmp_path / "page.html").read_text()
