"""Published benchmarks of grounding on files of each of their formats."""

import json

import pytest

from tests.support.annotation_samples import SAMPLES
from tests.support.published import Answers, sources
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation import run_benchmark
from timesuite_jax.videochat_t.benchmarks.published.annotation_files import coverage_note
from timesuite_jax.videochat_t.benchmarks.published.grounding.activitynet_grounding import ACTIVITYNET_GROUNDING
from timesuite_jax.videochat_t.benchmarks.published.grounding.activitynet_rtl import ACTIVITYNET_RTL_GROUNDING
from timesuite_jax.videochat_t.benchmarks.published.grounding.benchmark import PublishedGrounding
from timesuite_jax.videochat_t.benchmarks.published.grounding.charades_sta import CHARADES_STA
from timesuite_jax.videochat_t.benchmarks.published.grounding.ego4d_nlq import EGO4D_NLQ_GROUNDING
from timesuite_jax.videochat_t.benchmarks.published.grounding.qvhighlights_moments import QVHIGHLIGHTS_MOMENTS
from timesuite_jax.videochat_t.benchmarks.published.grounding.tacos import TACOS_GROUNDING
from timesuite_jax.videochat_t.benchmarks.published.grounding.timelens_bench import TIMELENS_BENCH_GROUNDING
from timesuite_jax.videochat_t.benchmarks.published.grounding.vue_tr import VUE_TR_GROUNDING

CHARADES = SAMPLES["charades_sta"]


@pytest.mark.parametrize(
    ("of", "format", "videos", "answer", "truth", "question"),
    [
        (CHARADES_STA, "charades_sta", ["3MSZA.mp4", "AMT7R.mp4"], "24.3 - 30.4", (24.3, 30.4), "'{}'"),
        (CHARADES_STA, "charades_sta_coco", ["3MSZA.mp4"], "24.3 - 30.4", (24.3, 30.4), "'{}'"),
        (ACTIVITYNET_GROUNDING, "activitynet_captions", ["v_1.mkv"], "0.5 - 9.25", (0.5, 9.25), "'{}'"),
        (ACTIVITYNET_GROUNDING, "activitynet_captions_coco", ["v_1.mp4"], "0.5 - 9.25", (0.5, 9.25), "'{}'"),
        (TACOS_GROUNDING, "tacos", ["s1-d2.avi"], "10 - 20", (10.0, 20.0), "'{}'"),
        (EGO4D_NLQ_GROUNDING, "ego4d_nlq", ["v1.mp4"], "4.5 - 6.0", (4.5, 6.0), "'{}'"),
        (EGO4D_NLQ_GROUNDING, "moments", ["a1.mp4", "a2.mp4", "a3.mp4"], "2.0 - 5.5", (2.0, 5.5), "'{}'"),
        (ACTIVITYNET_RTL_GROUNDING, "activitynet_rtl_test", ["v_x.mp4"], "3 - 9.5", (3.0, 9.5), "{} Give the start"),
        (TIMELENS_BENCH_GROUNDING, "timelens_bench", ["V1.mp4"], "1 - 4.5", (1.0, 4.5), "'{}'"),
        (QVHIGHLIGHTS_MOMENTS, "qvhighlights", ["abc_0.0_150.0.mp4"], "6 - 10", (6.0, 10.0), "'{}'"),
        (QVHIGHLIGHTS_MOMENTS, "qvhighlights_coco", ["v_abc.mp4"], "6 - 10", (6.0, 10.0), "'{}'"),
        (VUE_TR_GROUNDING, "vue_tr", ["g1.mp4"], "1 - 2 and 5 - 7.5", (1.0, 2.0), "'{}'"),
    ],
    ids=lambda value: value if isinstance(value, str) else getattr(value, "name", ""),
)
def test_a_right_answer_to_the_first_question(tmp_path, of, format, videos, answer, truth, question):
    model = Answers(f"From {answer.replace(' - ', ' to ')} seconds.")
    result = run_benchmark(
        PublishedGrounding(of, sources(tmp_path, SAMPLES[format], videos)), model, batch_size=2, limit=1
    )
    (prediction,) = result.predictions.values()
    assert prediction.truth[0] == truth and prediction.spans[0] == truth and not result.dropped
    assert result.metrics()["miou"] == 1.0 and result.metrics()[f"r1_iou_{of.thresholds[-1]}"] == 1.0
    query = prediction.question.strip(".")
    assert question.format(query) in model.asked[0].turn.question
    assert model.shown[0][0] == videos[0] and result.as_json()["frames_shown"] == {"least": 8, "median": 8.0, "most": 8}


@pytest.mark.parametrize(
    ("of", "format", "text", "spans", "question"),
    [
        (CHARADES_STA, "charades_sta", "In 9 - 4 and 1 - 2.", ((4.0, 9.0),), "the charades dataset."),
        (ACTIVITYNET_GROUNDING, "activitynet_captions", "9 - 4", ((4.0, 9.0),), "the activitynet dataset."),
        (TACOS_GROUNDING, "tacos", "9 - 4", ((4.0, 9.0),), "the tacos dataset."),
        (QVHIGHLIGHTS_MOMENTS, "qvhighlights", "9 - 4", ((4.0, 9.0),), "the qvhighlights dataset."),
        (EGO4D_NLQ_GROUNDING, "ego4d_nlq", "[[1, 2], [4, 3]]", ((1.0, 2.0), (4.0, 3.0)), '"Where is my key?", return'),
        (VUE_TR_GROUNDING, "vue_tr", "[[1, 2], [4, 3]]", ((1.0, 2.0), (4.0, 3.0)), 'query: "a goal", return ALL'),
        (TIMELENS_BENCH_GROUNDING, "timelens_bench", "9 to 4", ((9.0, 4.0),), "the sentence 'a dog runs', determ"),
        (ACTIVITYNET_RTL_GROUNDING, "activitynet_rtl_test", "<4> <1>", ((1.0, 4.0),), "When?"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_the_paper_protocol_asks_and_reads_as_published(tmp_path, of, format, text, spans, question):
    videos = ["3MSZA.mp4", "v_1.mp4", "s1-d2.avi", "abc_0.0_150.0.mp4", "v1.mp4", "g1.mp4", "V1.mp4", "v_x.mp4"]
    benchmark = PublishedGrounding(of, sources(tmp_path, SAMPLES[format], videos), protocol="paper")
    result = run_benchmark(benchmark, model := Answers(text), batch_size=1, limit=1)
    assert next(iter(result.predictions.values())).spans == spans
    assert question in model.asked[0].turn.question
    assert result.settings["benchmark.question"] == of.paper.template and result.settings["protocol"] == "paper"


def test_the_questions_of_the_two_protocols_character_by_character(tmp_path):
    asked = []
    for protocol in ("default", "paper"):
        benchmark = PublishedGrounding(CHARADES_STA, sources(tmp_path, CHARADES, ["3MSZA.mp4"]), protocol=protocol)
        asked.append(benchmark.prompt(benchmark.examples()[0]).turn.question)
    assert asked == [
        "Localize the visual content described by the given textual query 'person turn a light on' in the video, and "
        "output the start and end timestamps in seconds.",
        "You are given a video from the charades dataset. Please find the visual event described by a sentence in the "
        "video, determining its starting and ending times. The format should be: 'The event happens in the start time "
        "- end time'. For example, The event 'person turn a light on' happens in the 24.3 - 30.4 seonds. Now I will "
        "give you the textual sentence: person turn a light on. Please return its start time and end time.",
    ]


def test_a_clip_of_a_long_video_is_shown(tmp_path):
    files = sources(tmp_path, SAMPLES["ego4d_nlq"], ["v1.mp4"])
    result = run_benchmark(PublishedGrounding(EGO4D_NLQ_GROUNDING, files), model := Answers("4 - 6"), batch_size=1)
    assert model.shown == [("v1.mp4", (30.0, 510.0))]
    assert next(iter(result.predictions.values())).clip_start == 30.0


def test_a_folder_of_one_text_file(tmp_path):
    files = sources(tmp_path, {"charades_sta_test.txt": CHARADES["charades_sta_test.txt"]}, [])
    benchmark = PublishedGrounding(CHARADES_STA, type(files)((tmp_path,), files.videos))
    assert [one.id for one in benchmark.examples()] == ["charades_sta_test.txt#0", "charades_sta_test.txt#1"]


def test_scores_over_fewer_videos_have_it_in_their_names(tmp_path):
    """Of a missing video, of a row that cannot be read, and of a file that is no official split."""
    rows = {"charades_sta_test.txt": CHARADES["charades_sta_test.txt"] + b"no annotation\n"}
    benchmark = PublishedGrounding(CHARADES_STA, sources(tmp_path, rows, ["3MSZA.mp4"]))
    result = run_benchmark(benchmark, Answers("24.3 - 30.4"), batch_size=2, folder=tmp_path / "results")
    found = json.loads((tmp_path / "results/result.json").read_text())
    assert found["miou (1 of 3, no official split)"] == 1.0 and found["n"] == found["dropped"] == 1
    assert "miou (1 of 3, no official split)" in found["intervals_95"]
    assert found["missing_videos"] == 1 and found["names_of_missing_videos"] == ["AMT7R"]
    assert found["unreadable_rows"] == 1 and "VIDEO START END##sentence" in found["reasons_of_unreadable_rows"]
    assert list(found["dropped_examples"]) == ["charades_sta_test.txt#1"]
    assert "video AMT7R does not exist in" in found["dropped_examples"]["charades_sta_test.txt#1"]
    assert result.metrics()["miou"] == 1.0  # the plain names, for programs


@pytest.mark.parametrize(
    ("count", "rows", "sizes", "note"),
    [
        (3720, 3720, {"train": 12408, "test": 3720}, ""),
        (3719, 3720, {"test": 3720}, "3719 of 3720"),
        (3700, 3700, {"test": 3720}, "3700 of 3700, no official split"),
        (7, 7, {}, ""),
        (6, 7, {}, "6 of 7"),
    ],
)
def test_notes_on_coverage(count, rows, sizes, note):

    assert coverage_note(count, rows, sizes) == note


def test_several_files_are_one_benchmark(tmp_path):
    (content,) = SAMPLES["timelens_bench"].values()
    files = sources(tmp_path, {"charades.json": content, "anet.json": content.replace(b"V1", b"V2")}, ["V1.mp4"])
    result = run_benchmark(PublishedGrounding(TIMELENS_BENCH_GROUNDING, files), Answers("1 - 4.5"), batch_size=1)
    assert list(result.predictions) == ["charades.json#0"] and [one.id for one in result.dropped] == ["anet.json#0"]
    assert set(result.settings["benchmark.annotations"]) == {"charades.json", "anet.json"}


def test_other_annotations_are_other_settings(tmp_path):
    files = sources(tmp_path, CHARADES, ["3MSZA.mp4"])
    run = {"batch_size": 1, "folder": tmp_path / "results", "limit": 1}
    run_benchmark(PublishedGrounding(CHARADES_STA, files), Answers("1 - 2"), **run)
    files.annotations[0].write_bytes(b"3MSZA 1 2##another sentence\n")
    with pytest.raises(UserError, match=r"other settings .*annotations.*give another folder"):
        run_benchmark(PublishedGrounding(CHARADES_STA, files), Answers("1 - 2"), **run)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {"a.json": SAMPLES["tacos"]["train.json"]},
            "a.json is no annotation file of charades_sta, which are: lines of",
        ),
        ({"a.txt": b"v 1 2##\n"}, r"has nothing to ask for charades_sta: 1 row: "),
        ({"a.txt": b""}, "a.txt is empty; download it again"),
    ],
)
def test_files_that_cannot_be_used(tmp_path, files, expected):
    with pytest.raises(UserError, match=expected):
        PublishedGrounding(CHARADES_STA, sources(tmp_path, files, []))


def test_scores_of_each_file(tmp_path):
    content = dict.fromkeys(("charades.json", "activitynet.json"), SAMPLES["timelens_bench"]["charades.json"])
    files = sources(tmp_path, content, ["V1.mp4"])
    result = run_benchmark(
        PublishedGrounding(TIMELENS_BENCH_GROUNDING, files), Answers("1 - 4.5 seconds"), batch_size=2
    )
    parts = result.scores.details["breakdown"]["category"]
    assert {name: (part["n"], part["miou"]) for name, part in parts.items()} == dict.fromkeys(content, (1, 1.0))


def test_queries_that_need_sound(tmp_path):
    row = {"query_id": 1, "query": "a goal", "video_id": "g", "duration": 9, "gt": [[1, 2]], "query_modality": "vision"}
    content = json.dumps([row, {**row, "query_id": 2, "query_modality": "vision+audio"}]).encode()
    counts = {}
    for protocol, split in (("default", None), ("paper", None), ("paper", "all"), ("default", "vision+audio")):
        files = sources(tmp_path, {"vue.json": content}, ["g.mp4"], split=split)
        counts[protocol, split] = len(PublishedGrounding(VUE_TR_GROUNDING, files, protocol=protocol).examples())
    assert list(counts.values()) == [2, 1, 2, 1]
    with pytest.raises(UserError, match=r"has no split 'audio'; it has vision \(1\), vision\+audio \(1\)"):
        PublishedGrounding(VUE_TR_GROUNDING, sources(tmp_path, {"vue.json": content}, [], split="audio"))


def test_a_query_without_a_window_is_dropped(tmp_path):
    rows = {
        "vue.json": json.dumps([{"query_id": 1, "query": "q", "video_id": "g", "duration": 9, "gt": []}] * 2).encode()
    }
    with pytest.raises(UserError, match=r"all 2 examples of vue_tr were dropped.* has no true window"):
        run_benchmark(
            PublishedGrounding(VUE_TR_GROUNDING, sources(tmp_path, rows, ["g.mp4"])), Answers(""), batch_size=1
        )


def test_answers_that_cannot_be_read_are_wrong(tmp_path):
    files = sources(tmp_path, CHARADES, ["3MSZA.mp4", "AMT7R.mp4"])
    metrics = run_benchmark(PublishedGrounding(CHARADES_STA, files), Answers("I do not know."), batch_size=8).metrics()
    assert metrics["miou"] == 0.0 and metrics["parse_failures"] == 1.0 and metrics["n"] == 2
