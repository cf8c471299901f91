"""`timesuite data`: output, exit codes and errors."""

import json
import sys
from importlib import import_module

import pytest

from tests.support import sample_videos
from timesuite_jax.cli.main import main
from timesuite_jax.data.timepro.mixtures import MIXTURES
from timesuite_jax.text import build_word_tokenizer


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos/a.mp4").write_bytes(sample_videos.numbered_video(24))
    (tmp_path / "videos/b.mp4").write_bytes(b"")
    asked = [{"q": "When?", "a": "From 0.5 to 1.5 seconds."}]
    (tmp_path / "a.json").write_text(json.dumps([{"video": name, "QA": asked} for name in ("a.mp4", "b.mp4")]))
    return tmp_path


def build(folder, *more):
    words = ["--annotations", f"{folder}/a.json", "--videos", f"{folder}/videos", "--out", f"{folder}/out"]
    return main(["data", "build", *words, *more])


@pytest.mark.parametrize("how", [[], ["--video"], ["--frames", "4"]])
def test_build_check_inspect(how, folder, capsys):
    assert build(folder, *how, "--json") == 0
    info = json.loads(capsys.readouterr().out)
    assert info["name"] == "out" and info["records"] == [1]
    task = "temporal_video_grounding"
    rejected = {"id": "out/1", "source": "b.mp4", "reason": "is empty (0 bytes)", "kind": "empty", "task": task}
    assert info["quarantine"] == [rejected]
    assert info["counts"] == [{"source": "a", "task": task, "records": 1, "rejected": {"empty": 1}}]
    assert info["bad_spans"] == [] and info["on_bad_span"] == "reject"
    assert main(["data", "inspect", f"{folder}/out", "--json"]) == 0
    (shown,) = json.loads(capsys.readouterr().out)
    assert shown["samples"][0]["spans"] == [[0.5, 1.5]] and shown["spans"]["count"] == 1
    assert main(["data", "inspect", f"{folder}/out", "--html", f"{folder}/page.html"]) == 0
    assert (folder / "page.html").is_file()
    assert "out: 1 record, " in capsys.readouterr().out
    assert main(["data", "check", f"{folder}/out"]) == 0
    assert "1 record and 0 videos checked, 0 problems" in capsys.readouterr().out


def test_build_prints_rejected_samples(folder, capsys):
    assert build(folder) == 0
    out, err = capsys.readouterr()
    assert "1 sample rejected" in out and not err and "out/1 (b.mp4): is empty (0 bytes)" in out


@pytest.mark.parametrize("how", [[], ["--json"]])
def test_strict_fails_where_samples_were_rejected(folder, capsys, how):
    assert build(folder, "--strict", *how) == 1
    out, err = capsys.readouterr()
    assert "1 sample rejected" in (err if how else out)
    asked = [{"q": "When?", "a": "From 0.5 to 1.5 seconds."}]
    (folder / "a.json").write_text(json.dumps([{"video": "a.mp4", "QA": asked}]))
    assert main(["data", "build", "--annotations", f"{folder}/a.json", "--videos", f"{folder}/videos",
                 "--out", f"{folder}/good", "--strict"]) == 0  # fmt: skip


def test_build_prints_bad_spans(folder, capsys):
    """The video lasts 2 s."""
    answers = ("From 0.5 to 1.5 seconds.", "From 0.5 to 9.0 seconds.", "From 10.0 to 30.0 seconds.")
    entries = [{"video": "a.mp4", "QA": [{"q": "When?", "a": answer}]} for answer in answers]
    (folder / "a.json").write_text(json.dumps(entries))
    assert build(folder, "--on-bad-span", "clip") == 0
    out = capsys.readouterr().out
    assert "out/2 (a.mp4): true span 10 - 30 s is outside of the video" in out
    assert (
        "spans that do not fit their videos (listed in dataset_info.json): " in out
        and "1 beyond_end (clipped), 1 outside (rejected)" in out
    )
    assert "clipped out/1 (a.mp4): true span 0.5 - 9 s extends beyond the video" in out


def test_check_finds_bad_videos(folder, capsys):
    assert main(["data", "check", f"{folder}/videos", "--json", "--report", f"{folder}/report.json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report == json.loads((folder / "report.json").read_text())
    assert not report["ok"] and report["videos"] == 2 and "is empty" in report["findings"][0]["problem"]


def test_check_continues_after_an_unreadable_file(folder, capsys):
    (folder / "videos/c.mp4").mkdir()
    assert main(["data", "check", f"{folder}/videos", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["videos"] == 3
    assert report["findings"][1] == {
        "where": f"{folder}/videos/c.mp4",
        "problem": "is a folder; give the path of a file",
        "kind": "not_a_file",
    }


def test_check_prints_what_it_passed_over(folder, capsys):
    for name in ("a.txt", "b.txt", "LICENSE"):
        (folder / "videos" / name).write_text("text")
    main(["data", "check", f"{folder}/videos"])
    out = capsys.readouterr().out
    assert f"2 .txt: {folder}/videos/a.txt, {folder}/videos/b.txt" in out
    assert f"1 (no suffix): {folder}/videos/LICENSE" in out


def test_outputs_are_checked_before_the_work(folder, capsys, monkeypatch):
    monkeypatch.setattr("os.access", lambda place, mode: place != folder)  # as on a read-only disk
    monkeypatch.setattr(
        import_module("timesuite_jax.data.corpora.audit"), "audit", lambda *_, **__: pytest.fail("too late")
    )
    assert main(["data", "check", f"{folder}/videos", "--report", f"{folder}/report.json"]) == 2
    assert "report.json: it is read-only, or permission is denied; choose another" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [["check", "x", "--deadline", "nan"], ["check", "x", "--deadline", "-1"], ["inspect", "x", "--records", "-1"]],
)
def test_invalid_numbers_are_rejected(words, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["data", *words])
    assert caught.value.code == 2 and words[-1] in capsys.readouterr().err.splitlines()[-1]


def test_errors_are_one_line_with_exit_code_2(folder, capsys):
    assert build(folder, "--task", "tvg") == 2
    assert build(folder, "--corpus", "charades/test") == 2
    assert build(folder, "--frames", "1000000") == 2
    assert build(folder, "--on-bad-span", "drop") == 2
    assert build(folder, "--videos", f"{folder}/nothing") == 2
    assert not (folder / "out").exists()
    assert main(["data", "check", f"{folder}/videos", "--report", f"{folder}/nothing/report.json"]) == 2
    assert main(["data", "inspect", f"{folder}/nothing"]) == 2
    (folder / "a.json").write_text("{")
    assert build(folder) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 8, lines
    assert all(line.startswith("timesuite data: ") for line in lines)


def test_inspect_takes_a_ready_made_mixture(folder, capsys, monkeypatch):
    monkeypatch.setitem(MIXTURES, "mine", ("out", "more"))
    build(folder, "--json")
    capsys.readouterr()
    assert main(["data", "inspect", f"mine@{folder}"]) == 2
    assert f"{folder}/more holds no corpus" in capsys.readouterr().err
    monkeypatch.setitem(MIXTURES, "mine", ("out",))
    assert main(["data", "inspect", f"mine@{folder}", "--json"]) == 0
    assert [report["corpus"] for report in json.loads(capsys.readouterr().out)] == ["out"]
    assert main(["data", "inspect", f"mien@{folder}"]) == 2
    assert "there is no mixture 'mien'; did you mean 'mine'?" in capsys.readouterr().err


def test_inspect_needs_a_config_to_override(capsys):
    assert main(["data", "inspect", "any", "--config.text.tokenizer=x"]) == 2
    assert "--config.text.tokenizer=x changes a config, but there is none; add --config" in capsys.readouterr().err


def test_inspect_decodes_for_a_page_only(capsys):
    assert main(["data", "inspect", "any", "--deadline", "5"]) == 2
    assert "--deadline 5 limits the decoding of videos for a page; add --html FILE, or" in capsys.readouterr().err


def test_inspect_measures_tokens(folder, capsys):
    """With a config; a model without token sequences is refused."""
    build(folder, "--json")
    build_word_tokenizer(["When? From 0.5 to 1.5 seconds."], folder / "tokenizer")
    words = ["--config", "configs/timesuite/linear_p.py", f"--config.text.tokenizer={folder}/tokenizer"]
    capsys.readouterr()
    assert main(["data", "inspect", f"{folder}/out", *words]) == 0
    assert "1 of 1 samples fit whole, 0 are dropped" in capsys.readouterr().out
    assert main(["data", "inspect", f"{folder}/out", "--config", "configs/mqsa_ted/beauty.py"]) == 2
    assert "trains on sequences of tokens" in capsys.readouterr().err


def test_a_packaged_vocabulary_that_is_not_installed(folder, capsys, monkeypatch):
    build(folder, "--json")
    monkeypatch.setitem(sys.modules, "mistral_common", None)
    words = ["--config", "configs/timesuite/linear_p.py", "--config.text.tokenizer=mistral_common"]
    assert main(["data", "inspect", f"{folder}/out", *words]) == 2
    assert "pip install mistral_common" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--frames", "4", "--audio", "drop"], "--audio drop is about stored videos, and --frames 4 stores no sound; "),
        (["--fps", "2", "--audio", "drop"], "--audio drop is about stored videos, and --fps 2 stores no sound; leave"),
        (["--frame-side", "128"], "--frame-side 128 is about stored frames, and videos are stored as they are; add "),
        (["--corpus", ".."], "corpus name '..' cannot be part of a file name; choose one of letters and digits"),
        (["--corpus", "."], "corpus name '.' cannot be part of a file name"),
        (["--corpus", " a"], "corpus name ' a' cannot be part of a file name"),
        (["--corpus", "a\nb"], "corpus name 'a\\nb' cannot be part of a file name"),
    ],
)
def test_options_without_an_effect_and_unusable_names_are_rejected(folder, capsys, options, problem):
    assert build(folder, *options) == 2
    assert problem in capsys.readouterr().err and not (folder / "out").exists()


@pytest.mark.parametrize("option", ["--corpus", "--task", "--format", "--split", "--annotators"])
def test_empty_names_are_not_the_default(folder, capsys, option):
    with pytest.raises(SystemExit) as caught:
        build(folder, option, "")
    assert caught.value.code == 2 and f"argument {option}: '' is empty; give a name, or" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--task", "--format", "--split", "--annotators", "--seed"])
def test_a_check_has_no_options_of_annotations_without_any(folder, capsys, option):
    assert main(["data", "check", f"{folder}/videos", option, "3" if option == "--seed" else "didemo"]) == 2
    assert f"{option} is about --annotations, which are not given" in capsys.readouterr().err


def test_a_folder_that_cannot_be_created(folder, capsys):
    """/proc has no folders of users; a folder of this name elsewhere would be created."""
    for words in (["build", "--annotations", f"{folder}/a.json", "--videos", f"{folder}/videos"], ["synthetic"]):
        assert main(["data", *words, "--out", "/proc/x"]) == 2
        err = capsys.readouterr().err
        assert len(err.splitlines()) == 1 and "cannot write" in err and "/proc/x" in err, err
        assert "space" not in err and "choose another" in err, err


def test_a_report_that_cannot_be_created(folder, capsys):
    assert main(["data", "check", f"{folder}/videos", "--report", "/proc/x"]) == 2
    err = capsys.readouterr().err
    assert "cannot write to /proc/x: No such file or directory; choose another path" in err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["inspect", "x", "--page", "y"], "unrecognised: --page y; see timesuite data inspect --help"),
        (["build", "--annotations", "a", "--videos", "v", "--out", ""], "argument --out: '' is empty; give a path"),
        (["check", ""], "argument paths: '' is empty; give a path"),
    ],
)
def test_words_that_are_no_options(words, expected, capsys):
    with pytest.raises(SystemExit):
        main(["data", *words])
    assert expected in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--classes", "nosuch"], "there is no list of classes nosuch; check the path"),
        (["--seed", "3"], "--seed 3: {}/a.json has ready-made questions; leave the option out"),
        (["--quarantine", "{}/a.json"], "{}/a.json is no quarantine list (its content is not an object); write one"),
    ],
)
def test_options_that_a_build_cannot_use(folder, tmp_path, capsys, options, expected):
    (tmp_path / "a.json").write_text('[{"video": "a.mp4", "QA": [{"q": "When?", "a": "From 1.0 to 2.0 seconds."}]}]')
    words = ["data", "build", "--annotations", f"{tmp_path}/a.json", "--videos", f"{folder}/videos"]
    options = [word.format(tmp_path) for word in options]
    assert main([*words, "--out", f"{tmp_path}/out", *options]) == 2
    assert expected.format(tmp_path) in capsys.readouterr().err


def test_a_bucket_is_refused_in_one_line(capsys):
    assert main(["data", "check", "gs://bucket/videos"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("timesuite data: gs://bucket/videos is in a bucket, but it must be on a disk; give a path on")
    assert len(err.splitlines()) == 1


def test_inspect_prints_samples_as_text(folder, capsys):
    asked = [{"q": "When?", "a": "From 0.2 to 1.0 seconds."}, {"q": "Who\x1b?", "a": "It's a dog."}]
    asked.append({"q": "When does it sleep?", "a": "It never happens."})
    entry = {"video": "a.mp4", "start": 0.5, "end": 1.5, "QA": asked, "spans": [[0.2, 0.4], [0.6, 1]]}
    (folder / "a.json").write_text(json.dumps([entry]))
    assert build(folder) == 0
    capsys.readouterr()
    assert main(["data", "inspect", f"{folder}/out"]) == 0
    shown = capsys.readouterr().out
    assert shown.endswith(
        "  clip: 0.5 - 1.5 s\n  question 1: When?\n  answer 1: From 0.2 to 1.0 seconds.\n"
        "  true spans 1: 0.2 - 0.4 s, 0.6 - 1 s\n  question 2: Who\\x1b?\n  answer 2: It's a dog.\n"
        "  question 3: When does it sleep?\n  answer 3: It never happens.\n  true spans 3: none\n"
    )
    assert "None" not in shown and "{" not in shown
