"""`timesuite evaluate`: JSON, files, control experiments and errors."""

import json

import pytest

from tests.support.annotation_samples import SAMPLES
from tests.support.choice_samples import CHOICE_SAMPLES
from tests.support.disk_full import full_disk
from tests.support.sample_videos import numbered_video
from timesuite_jax.cli import evaluate as command
from timesuite_jax.cli.main import main
from timesuite_jax.videochat_t.benchmarks.published.table import PUBLISHED


def test_json_predictions_and_timeline(tiny_run, tiny_corpus, tmp_path, capfd):
    words = ["--workdir", str(tiny_run), "--data", str(tiny_corpus), "--limit", "5", "--json"]
    files = ["--predictions", f"{tmp_path}/answers.jsonl", "--timeline", f"{tmp_path}/answers.png"]
    files += ["--report", f"{tmp_path}/report"]
    assert main(["evaluate", *words, *files]) == 0
    captured = capfd.readouterr()
    metrics = json.loads(captured.out)
    assert metrics["dropped"] == 0 and "r1_iou_0.5" in metrics
    lines = [json.loads(line) for line in (tmp_path / "answers.jsonl").read_text().splitlines()]
    assert metrics["n"] == len(lines) > 5
    assert {line["id"].rsplit("/", 1)[0] for line in lines} == {f"videos/{number}" for number in range(5)}
    assert (tmp_path / "answers.png").read_bytes().startswith(b"\x89PNG")
    assert "Worst examples" in (tmp_path / "report/index.html").read_text()
    # The batch size does not change the answers.
    assert main(["evaluate", *words, "--batch-size", "1", "--predictions", f"{tmp_path}/single.jsonl"]) == 0
    assert (tmp_path / "single.jsonl").read_text() == (tmp_path / "answers.jsonl").read_text()


def test_scores_are_printed_before_a_full_disk_fails(tiny_run, tiny_corpus, tmp_path, capsys):
    """Scores may have taken hours; files are written after they are printed."""
    words = ["--workdir", str(tiny_run), "--data", str(tiny_corpus), "--limit", "1", "--json"]
    with full_disk(0):
        assert main(["evaluate", *words, "--predictions", f"{tmp_path}/answers.jsonl"]) == 2
    captured = capsys.readouterr()
    assert json.loads(captured.out)["n"] >= 1
    assert f"cannot write {tmp_path}/answers.jsonl" in captured.err and not any(tmp_path.iterdir())


@pytest.mark.parametrize("control", ["foreign_frames", "rescaled_stamps"])
def test_controls(tiny_run, tiny_corpus, capfd, control):
    words = ["--workdir", str(tiny_run), "--data", str(tiny_corpus), "--limit", "3", "--batch-size", "1"]
    assert main(["evaluate", *words, "--control", control]) == 0
    out = capfd.readouterr().out
    assert "examples scored, 0 dropped" in out and "95 % interval over 3 videos" in out
    assert "r1_iou_0.5" in out and "absent_answers" in out  # the names of the JSON
    assert "by video length" in out and "by position" in out and "round numbers of truth" in out


def test_exact_match(tiny_run, tiny_corpus, tmp_path, capfd):
    words = ["--workdir", str(tiny_run), "--data", str(tiny_corpus), "--limit", "2", "--benchmark", "exact_match"]
    assert main(["evaluate", *words, "--json", "--predictions", f"{tmp_path}/answers.jsonl"]) == 0
    metrics = json.loads(capfd.readouterr().out)
    assert metrics["n"] == 6 and 0 <= metrics["exact_match"] <= 1  # three questions a record
    assert metrics["settings"]["benchmark"] == "exact_match"
    assert len((tmp_path / "answers.jsonl").read_text().splitlines()) == 6


@pytest.fixture(scope="module")
def charades(tmp_path_factory):
    """Options for two of three videos of a benchmark on its official annotation file."""
    folder = tmp_path_factory.mktemp("charades")
    (folder / "charades_sta_test.txt").write_text("A 0.5 1.5##a red patch.\nB 1 2##a grey wall.\nC 1 2##a cat.\n")
    for name, count in (("A", 24), ("B", 36)):
        (folder / f"{name}.mp4").write_bytes(numbered_video(count))
    files = ["--annotations", f"{folder}/charades_sta_test.txt", "--videos", str(folder)]
    return ["--benchmark", "charades_sta", *files]


def test_a_published_benchmark(tiny_run, charades, tmp_path, capfd):
    words = ["evaluate", "--workdir", str(tiny_run), *charades, "--json", "--results", f"{tmp_path}/results"]
    assert main([*words, "--predictions", f"{tmp_path}/a.jsonl", "--timeline", f"{tmp_path}/a.png"]) == 0
    found = json.loads(capfd.readouterr().out)
    assert found["n"] == 2 and "miou (2 of 3, no official split)" in found
    assert found["frames_shown"] == {"least": 4, "median": 4.0, "most": 4}
    settings = found["settings"]
    decides = {"benchmark.annotations", "benchmark.question", "model.decoding", "model.inputs", "weights", "versions"}
    assert decides < set(settings) and settings["model.decoder"].startswith("PyAV ")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert main([*words[:-2], "--batch-size", "1", "--predictions", f"{tmp_path}/b.jsonl"]) == 0
    assert (tmp_path / "a.jsonl").read_text() == (tmp_path / "b.jsonl").read_text()
    assert json.loads(capfd.readouterr().out)["settings"]["weights"] == settings["weights"]
    assert main([*words, "--limit", "1"]) == 0  # answered already
    assert json.loads(capfd.readouterr().out)["n"] == 1


@pytest.mark.nightly  # programs for longer prompts are compiled; `test_requirements_of_benchmarks` is quick
@pytest.mark.parametrize(
    ("benchmark", "protocol", "sampling", "buckets"),
    [
        ("video_mme_subtitles", "default", "middle", None),
        ("video_mme_subtitles", "paper", "upstream_each_second", 8192),
        ("youcook2", "paper", "upstream_evaluation", 0),
    ],
)
def test_benchmarks_with_inputs_of_their_own(tiny_run, tmp_path, capfd, benchmark, protocol, sampling, buckets):
    """Subtitles take longer prompts, and the original's Video-MME has frames of its own; dense captions are scored."""
    name = "video_mme" if benchmark.startswith("video") else benchmark
    files = {**CHOICE_SAMPLES, **SAMPLES}[name]
    for file, content in files.items():
        (tmp_path / file).write_bytes(content)
    (tmp_path / "yt1.srt").write_text("1\n00:00:00,000 --> 00:00:09,000\nHello there\n")
    for video in ("yt1", "y1"):
        (tmp_path / f"{video}.mp4").write_bytes(numbered_video(24))
    words = ["evaluate", "--workdir", str(tiny_run), "--benchmark", benchmark, "--protocol", protocol, "--json"]
    words += [part for file in files for part in ("--annotations", f"{tmp_path}/{file}")]
    words += ["--split", "training"] if benchmark == "youcook2" else []
    assert main([*words, "--videos", str(tmp_path), "--batch-size", "1"]) == 0
    found = json.loads(capfd.readouterr().out)
    assert found["n"] == 1 and not found["dropped"] and found["settings"]["model.inputs"]["sampling"] == sampling
    if buckets is not None:
        assert found["settings"]["model.inputs"]["buckets"][0] >= buckets


def test_help_lists_the_published_benchmarks():
    assert tuple(PUBLISHED) == command.PUBLISHED


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--limit", "0"], "--limit 0 is less than 1; give at least 1"),
        (["--batch-size", "-1"], "--batch-size -1 is less than 1"),
        ([], "evaluation.corpora is empty; give a corpus to evaluate with --data"),
        (["--data", "/nowhere"], "/nowhere holds no corpus"),
        (["--data", "CORPUS", "--prompt", "chat"], "unknown conversation layout 'chat'"),
        (["--step", "7"], "has no checkpoint of step 7; it has 2"),
        (["--predictions", "/nowhere/a.jsonl"], "cannot write /nowhere/a.jsonl: there is no folder /nowhere"),
        (["--timeline", "a.jpg"], "--timeline a.jpg: timelines are written as PNG, not .jpg; give a name in .png"),
        (["--timeline", "/"], "/ is a folder; give the name of a file"),
        (["--data", "CORPUS", "--limit", "1", "--control", "foreign_frames"], "records of at least two videos"),
        (["--data", "CORPUS", "--benchmark", "vqa"], "unknown benchmark 'vqa'; choose one of grounding, exact_match"),
        (["--benchmark", "charades"], "unknown benchmark 'charades', did you mean 'charades_sta'?"),
        (["--benchmark", "tacos", "--annotations", "a.json"], "give them with --annotations FILE --videos DIR"),
        (["--annotations", "a.json", "--data", "CORPUS"], "--annotations and --data are two kinds of data"),
        (
            ["--annotations", "a.json", "--benchmark", "grounding"],
            "give these with --data, or choose one of charades_sta",
        ),
        (["CHARADES", "--annotations", "/nowhere.txt"], "there is no annotation file /nowhere.txt; check the path"),
        (["CHARADES", "--videos", "/nowhere"], "there is no folder of videos /nowhere"),
        (["CHARADES", "--split", "test"], "--split test: a file of charades_sta has one split"),
        (["CHARADES", "--control", "foreign_frames"], "--control foreign_frames is for corpora"),
        (["CHARADES", "--submission", "a.jsonl"], "benchmark charades_sta has no form of submissions, which qvhighl"),
        (
            ["--data", "CORPUS", "--benchmark", "exact_match", "--control", "foreign_frames"],
            "exact_match has no control experiment 'foreign_frames'; it has none",
        ),
        (
            ["--data", "CORPUS", "--benchmark", "exact_match", "--calibrate"],
            "answers of benchmark exact_match have no confidence; give presence or grounding",
        ),
        (["--data", "CORPUS", "--calibrate", "--answers", "free"], "which are constrained, not --answers free"),
        (
            ["--data", "CORPUS", "--benchmark", "exact_match", "--timeline", "a.png"],
            "--timeline draws time spans, and benchmark exact_match has none",
        ),
    ],
)
def test_invalid_options_are_rejected(tiny_run, tiny_corpus, charades, capsys, words, expected):
    known = {"CORPUS": [str(tiny_corpus)], "CHARADES": charades}
    words = [part for word in words for part in known.get(word, [word])]
    assert main(["evaluate", "--workdir", str(tiny_run), *words]) == 2
    err = capsys.readouterr().err.strip()
    assert expected in err.splitlines()[-1] and "Traceback" not in err


def test_a_folder_without_a_run_is_rejected(tmp_path, capsys):
    assert main(["evaluate", "--workdir", f"{tmp_path}/absent"]) == 2
    assert "has no checkpoint; train there first or give another folder" in capsys.readouterr().err
