"""Files of predictions in the forms of the original, lmms-eval and TimeLens are scored; none of their text is run."""

import json
from pathlib import Path
from typing import Any

import pytest

from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.file_scores import ScoreRequest, score_files
from timesuite_jax.metrics.captions.meteor.lexicon import Lexicon

TRUTH = {
    "annotations": [
        {"image_id": "a.mp4", "caption": "person opens a door.", "timestamp": [0.0, 10.0], "id": 0, "duration": 30.0},
        {"image_id": "a.mp4", "caption": "person sits down.", "timestamp": [20.0, 30.0], "id": 1, "duration": 30.0},
        {"image_id": "b.mp4", "caption": "person opens a door.", "timestamp": [5.0, 9.0], "id": 2, "duration": 90.0},
    ]
}


def files(folder: Path, predictions: Any, truth: Any, **options: Any) -> ScoreRequest:
    paths = folder / "predictions.json", folder / "truth.json"
    for path, content in zip(paths, (predictions, truth), strict=True):
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return ScoreRequest(*paths, **options)


KEYS = ("a>>>person opens a door>>>[0.0, 10.0]", "a.mp4>>>Person sits down.>>>(20, 30)", "b>>>person opens a door>>>x")
TEXTS = ("The event happens in 0.0 - 10.0 seconds.", "from 20 to 29 seconds", "I cannot tell.")


@pytest.mark.parametrize(
    "predictions",
    [
        {"0": {"timestamp": [[0.0, 10.0]]}, "1": {"timestamp": [[20.0, 29.0]]}, "2": {"timestamp": []}},
        dict(zip(KEYS, TEXTS, strict=True)),
        [{key: {"answers": text}} for key, text in zip(KEYS, TEXTS, strict=True)],
        "\n".join(json.dumps({key: {"answers": text}}) for key, text in zip(KEYS, TEXTS, strict=True)),
        {KEYS[0]: {"timestamps": [[0, 10]]}, KEYS[1]: {"timestamps": [[20, 29]]}, KEYS[2]: {"timestamps": []}},
        [{"id": number, "prediction": text} for number, text in enumerate(TEXTS)],
    ],
    ids=["original", "lmms_eval", "timelens", "timelens_lines", "timelens_windows", "rows"],
)
def test_grounding(tmp_path, predictions):
    result = score_files("tvg", files(tmp_path, predictions, TRUTH))
    metrics = result.metrics()
    assert metrics["miou"] == pytest.approx((1.0 + 0.9 + 0.0) / 3)
    assert (metrics["r1_iou_0.7"], metrics["parse_failures"]) == (pytest.approx(2 / 3), pytest.approx(1 / 3))
    assert result.scores.group_count == 2  # videos
    parts = result.scores.details["breakdown"]
    assert {name: part["n"] for name, part in parts["video_length"].items()} == {"under 1 min": 2, "1 to 3 min": 1}
    assert parts["position"]["first third"]["miou"] == pytest.approx(0.5)
    assert result.scores.details["round_numbers"]["multiples_of_10"] == 0.75


@pytest.mark.parametrize(
    "row",
    [
        {"timestamp": [0, 10], "prediction": "from 15 to 16 seconds"},
        {"timestamp": [0, 10], "answer": "from 15 to 16 seconds"},
        {"answer": "0 to 10 seconds", "prediction": "15 to 16 seconds"},
        {"answer": "0 to 10 seconds", "response": [["15 to 16 seconds"]]},
        {"timestamp": [0, 10], "pred_relevant_windows": [[15, 16, 0.9]]},
    ],
)
def test_rows_with_truth_and_prediction(tmp_path, row):
    result = score_files("tvg", files(tmp_path, [{"id": 0, **row}], TRUTH, answered_only=True))
    assert result.metrics()["miou"] == 0.0 and result.metrics()["parse_failures"] == 0.0


def test_lists_of_one_answer(tmp_path):
    predictions = {KEYS[0]: ["0 - 10 seconds"], KEYS[1]: [["20 - 30 seconds"]], KEYS[2]: [[5, 9]]}
    assert score_files("tvg", files(tmp_path, predictions, TRUTH)).metrics()["miou"] == 1.0


def test_keys_are_not_evaluated(tmp_path):
    marker = tmp_path / "executed"
    key = f"a>>>person opens a door>>>__import__('pathlib').Path({str(marker)!r}).touch()"
    score_files("tvg", files(tmp_path, {key: "0 - 10 seconds"}, TRUTH))
    assert not marker.exists()


def test_questions_without_a_prediction(tmp_path):
    predictions = {"0": {"timestamp": [[0.0, 10.0]]}, "77": {"timestamp": [[0.0, 10.0]]}}
    result = score_files("tvg", files(tmp_path, predictions, TRUTH))
    assert result.metrics()["miou"] == pytest.approx(1 / 3)
    assert result.metrics()["parse_failures"] == 0.0  # of the predictions
    assert result.scores.details["without_prediction"] == 2
    assert result.scores.details["unknown_predictions"] == 1
    result = score_files("tvg", files(tmp_path, predictions, TRUTH, answered_only=True))
    assert result.metrics()["miou"] == 1.0
    assert [dropped.id for dropped in result.dropped] == ["1", "2"]


def test_the_same_words_twice_in_a_video(tmp_path):
    truth = {"a": {"duration": 30.0, "queries": ["a man waves", "a man waves"], "spans": [[0, 5], [20, 25]]}}
    predictions = {"a>>>a man waves>>>[20, 25]": "20 - 25 seconds", "a>>>a man waves>>>[0, 5]": "0 - 5 seconds"}
    assert score_files("tvg", files(tmp_path, predictions, truth)).metrics()["miou"] == 1.0


TWINS = {"a": {"duration": 30.0, "queries": ["a man waves"] * 2, "spans": [[0, 10]] * 2}}
TWIN_KEY = "a>>>a man waves>>>[0, 10]"


@pytest.mark.parametrize(
    ("predictions", "miou"),
    [
        ({TWIN_KEY: "0 - 10 seconds"}, 1.0),
        ([{TWIN_KEY: {"answers": "0 - 10 seconds"}}, {TWIN_KEY: {"answers": "0 - 5 seconds"}}], 0.75),
    ],
)
def test_identical_questions(tmp_path, predictions, miou):
    result = score_files("tvg", files(tmp_path, predictions, TWINS))
    assert (result.metrics()["miou"], result.scores.details["without_prediction"]) == (miou, 0)


def test_three_predictions_of_two_identical_questions(tmp_path):
    with pytest.raises(UserError, match="question 0 has two predictions"):
        score_files("tvg", files(tmp_path, [{TWIN_KEY: "0 - 10 seconds"}] * 3, TWINS))


def test_placeholder_of_timelens_is_a_parse_failure(tmp_path):
    predictions = {KEYS[0]: {"timestamps": [[40.0, 50.0]]}, KEYS[1]: {"timestamps": [[20, 30.3]]}}
    result = score_files("tvg", files(tmp_path, predictions, TRUTH, answered_only=True))
    assert result.metrics()["parse_failures"] == 0.5
    assert result.scores.details["round_numbers"]["multiples_of_10"] == 0.5  # of 20 and 30.3


def test_texts_are_read_as_their_harness_reads_them_under_paper(tmp_path):
    """TimeLens takes any two numbers, lmms-eval only "a - b" and "a to b", and the grammar knows the words."""
    text = "between 0 and 10 seconds"
    scores = {}
    for protocol in ("default", "paper"):
        for value in (text, {"answers": text}):
            request = files(tmp_path, {KEYS[0]: value}, TRUTH, answered_only=True, protocol=protocol)
            scores[protocol, isinstance(value, dict)] = score_files("tvg", request).metrics()["miou"]
    assert scores == {
        ("default", False): 1.0,
        ("default", True): 1.0,
        ("paper", False): 0.0,
        ("paper", True): 1.0,
    }


def test_reversed_windows_overlap_nothing(tmp_path):
    predictions = {"0": {"timestamp": [[10, 0]]}, "1": {"timestamp": [[20, 30], [30, 20]]}}
    result = score_files("tvg", files(tmp_path, predictions, TRUTH, answered_only=True))
    for metric in ("miou", "set_iou", "map", "r1_iou_0.3"):
        assert result.metrics()[metric] == 0.5, metric
    assert result.scores.details["reversed_windows"] == 2
    moments = score_files("mr", files(tmp_path, predictions, TRUTH, answered_only=True))
    assert moments.metrics()["MR-full-mAP"] == 0.5 and moments.scores.details["reversed_windows"] == 2


@pytest.mark.parametrize("answered_only", [False, True])
def test_only_questions_with_reversed_true_windows_are_answered(tmp_path, answered_only):
    """The remedy is not other files: these belong together."""
    (tmp_path / "truth.txt").write_text("A 8.0 7.0##he sits.\nB 1.0 9.0##he stands.", encoding="utf-8")
    (tmp_path / "answers.json").write_text(json.dumps({"0": {"timestamp": [[1.0, 9.0]]}}))
    request = ScoreRequest(tmp_path / "answers.json", tmp_path / "truth.txt", answered_only)
    with pytest.raises(UserError, match=r"question 0: true window 8 - 7 s ends before it starts.*; swap its times, or"):
        score_files("tvg", request)


@pytest.mark.parametrize("task", ["tvg", "mr"])
def test_a_question_with_a_reversed_true_window_is_left_out(tmp_path, task):
    """As 4 of 12,408 in the training file of Charades-STA; its prediction is not unknown."""
    truth = tmp_path / "charades_sta_train.txt"
    lines = ("LEOL6 8.0 7.0##person is holding medicine.", "IOL8Q 1.0 9.0##a person is throwing a bag.")
    truth.write_text("\n".join(lines), encoding="utf-8")
    predictions = tmp_path / "predictions.json"
    predictions.write_text(json.dumps({str(id): {"timestamp": [[1.0, 9.0]]} for id in range(2)}))
    result = score_files(task, ScoreRequest(predictions, truth))
    assert result.metrics()["n"] == result.metrics()["dropped"] == result.scores.details["reversed_true_windows"] == 1
    assert result.metrics()["miou" if task == "tvg" else "MR-full-mAP"] == 1.0
    assert result.scores.details["unknown_predictions"] == 0
    (dropped,) = result.dropped
    assert dropped.id == "0" and dropped.reason.startswith("true window 8 - 7 s ends before it starts (LEOL6: person")
    truth.write_text(lines[0], encoding="utf-8")
    with pytest.raises(UserError, match=r"question 0: true window 8 - 7 s ends before it starts.*; swap its times"):
        score_files(task, ScoreRequest(predictions, truth))


def test_charades_text(tmp_path):
    truth = tmp_path / "charades_sta_test.txt"
    truth.write_text("3MSZA 24.3 30.4##person turn a light on.\n", encoding="utf-8")
    predictions = tmp_path / "predictions.json"
    predictions.write_text(json.dumps({"3MSZA>>>person turn a light on>>>[24.3, 30.4]": "24.3 - 30.4"}))
    assert score_files("tvg", ScoreRequest(predictions, truth)).metrics()["miou"] == 1.0


def test_choices(tmp_path):
    truth = [
        {"question_id": "v1-1", "videoID": "v1", "answer": "B"},
        {"question_id": "v1-2", "videoID": "v1", "answer": "a red cup", "options": ["a plate", "a red cup"]},
        {"question_id": "v2-1", "videoID": "v2", "answer": 0},
        {"question_id": "v2-2", "videoID": "v2", "answer": "(C)"},
    ]
    answers = {"v1-1": "(B) the cup", "v1-2": "It is a red cup.", "v2-1": "b", "v2-2": "A man knows"}
    result = score_files("choice", files(tmp_path, answers, truth))
    assert result.metrics()["accuracy"] == 0.5
    assert result.metrics()["parse_failures"] == 0.25
    assert result.scores.details["chosen_letters"] == {"B": 3, "none": 1}
    assert result.scores.group_count == 2


@pytest.mark.parametrize("name", ["prediction", "pred", "response", "filtered_resps", "output"])
@pytest.mark.parametrize("truth", ["answer", "target", "correct", "gt"])
def test_predictions_with_the_truth_beside_them(tmp_path, name, truth):
    rows = [{"id": 1, truth: "B", name: "A"}, {"id": 2, truth: "B", name: "B"}]
    scored = score_files("choice", files(tmp_path, rows, [{"id": 1, truth: "B"}, {"id": 2, truth: "B"}]))
    assert scored.metrics()["accuracy"] == 0.5


def test_predicted_numbers_of_options(tmp_path):
    """They are indices, as in the truth, unless the options are numbers themselves."""
    counts = {"options": [2, 1, 0], "answer": 1}
    truth = [{"q_uid": "a", "answer": 2}, {"q_uid": "b", "answer": "C"}, {"q_uid": "c", **counts}]
    truth.append({"q_uid": "d", "answer": "y", "options": ["x", "y"]})
    truth.append({"q_uid": "e", "answer": "A. 1", "options": ["A. 1", "B. 0"]})
    scored = score_files("choice", files(tmp_path, {"a": 2, "b": 0, "c": 1, "d": 2, "e": "A"}, truth))
    assert scored.scores.details["chosen_letters"] == {"A": 2, "B": 1, "C": 1, "none": 1}
    assert scored.metrics()["accuracy"] == 0.6


def test_dense_captions_without_synonyms(tmp_path, monkeypatch):
    monkeypatch.setattr("timesuite_jax.metrics.captions.meteor.scorer.installed_lexicon", lambda sentences: Lexicon())
    truth = {
        "a": {"duration": 20.0, "timestamps": [[0, 10], [10, 20]], "sentences": ["Stir the soup.", "Add some salt."]},
        "b": {"duration": 20.0, "timestamps": [[0, 9]], "sentences": ["Cut the bread."]},
    }
    predictions = {"results": {"a": [{"timestamp": [0, 10], "sentence": "stir the soup"}]}}
    result = score_files("dvc", files(tmp_path, predictions, truth))
    assert result.metrics()["precision"] == 0.5 and result.metrics()["recall"] == 0.25
    assert result.metrics()["meteor_exact_stem"] == 0.5 and "meteor" not in result.metrics()
    assert result.scores.details["without_prediction"] == 1


def test_dense_captions_by_names_of_videos(tmp_path, monkeypatch):
    monkeypatch.setattr("timesuite_jax.metrics.captions.meteor.scorer.installed_lexicon", lambda sentences: Lexicon())
    truth = {"a": {"duration": 90.0, "timestamps": [[0, 10]], "sentences": ["Stir the soup."]}}
    predictions = {"a.mp4": [{"timestamp": [0, 10], "sentence": "stir the soup"}], "b.mp4": []}
    result = score_files("dvc", files(tmp_path, predictions, truth))
    assert result.metrics()["precision"] == 1.0 and result.scores.details["unknown_predictions"] == 1
    assert list(result.scores.details["breakdown"]["video_length"]) == ["1 to 3 min"]


@pytest.mark.parametrize(
    ("task", "predictions", "truth", "message"),
    [
        ("tvg", "not json", TRUTH, "is not JSON"),
        ("tvg", "", TRUTH, "is empty"),
        ("tvg", '{"a": 1}\nnot json', TRUTH, "line 2 is not a JSON value"),
        ("tvg", {"9": {"timestamp": []}}, TRUTH, "no prediction of .* belongs to"),
        ("tvg", {"0": {"timestamp": ["x"]}}, TRUTH, "prediction 0 .* windows that are not"),
        ("tvg", {"0": {"timestamp": [[float("nan"), 1.0]]}}, TRUTH, "prediction 0 .* windows that are not"),
        ("tvg", {"0": {"other": 1}}, TRUTH, "neither windows nor a text"),
        ("tvg", [1, 2], TRUTH, "entry 0 .* is not an object"),
        ("tvg", "3", TRUTH, "contains no predictions"),
        ("tvg", {"0": "0 - 1"}, {"annotations": []}, "contains no question"),
        ("tvg", {"0": "0 - 1"}, {"annotations": [{"id": 0, "timestamp": []}]}, "question 0 .* has no true window"),
        ("tvg", {"0": "0 - 1"}, {"annotations": [{"id": 0, "timestamp": [1]}]}, "entry 0 .* has no windows"),
        ("tvg", {"0": "0 - 1"}, {"annotations": [{"id": 0, "timestamp": [0, 1]}] * 2}, "occurs twice"),
        ("tvg", {"0": "0 - 1"}, {"v": {"duration": 1}}, "video v .* has no duration, or not one span"),
        ("vhd", {"0": [1.0]}, TRUTH, "is no list of"),
        ("vhd", [{"qid": 0, "pred_saliency_scores": ["x"]}], TRUTH, "is no list of"),
        ("vhd", [{"qid": 0, "pred_saliency_scores": [1]}] * 2, TRUTH, "query 0 has two predictions"),
        ("vhd", [{"qid": 0, "pred_saliency_scores": [1]}], TRUTH, "query 0 .* has no relevant_clip_ids"),
        ("tvg", {"0": {"timestamp": [[0, 10**400]]}}, TRUTH, "prediction 0 .* windows that are not"),
        ("dvc", [1], {}, "is no object"),
        ("dvc", {"a": [{"timestamp": [0, 1]}]}, {}, "predictions of video a are no list"),
        ("dvc", {"a": []}, {"a": {"timestamps": [[0, 1]], "sentences": []}}, "1 segments and 0 captions"),
        (
            "tvg",
            {"0": "0 - 1"},
            {"annotations": [{"id": 0, "timestamp": [10, 0]}]},
            "question 0: .* ends before",
        ),
        ("dvc", {"a": [], "a.mp4": []}, {}, "video a has two predictions in .*, a and a.mp4"),
        ("dvc", {"a": []}, {"a": {"timestamps": [[0, 1]], "sentences": ["x"], "duration": "9"}}, "duration '9'"),
        (
            "dvc",
            {"a": []},
            {"a": {"timestamps": [[0, 1]], "sentences": ["x"], "duration": 10**400}},
            "has duration 1000",
        ),
        ("choice", '{"0": "A", "0": "B"}', [{"id": 0, "answer": "A"}], "has the key '0' twice"),
        ("choice", '{"id": 0, "pred": "A"}\n{"id": 1, "id": 2, "pred": "B"}', [{"id": 0, "answer": "A"}], "'id' twice"),
        ("choice", {"0": "A"}, [{"answer": "A"}], "entry 0 .* has no id"),
        ("choice", {"0": "A"}, [{"id": 0, "answer": "a red cup"}], "has the answer 'a red cup'"),
        ("choice", {"0": 3.5}, [{"id": 0, "answer": "A"}], "prediction 0 .* has no text or number"),
        ("choice", {"0": True}, [{"id": 0, "answer": "A"}], "prediction 0 .* has no text or number"),
        ("choice", {"0": "A"}, [{"id": 0, "answer": 2, "options": ["x", "y"]}], "has the answer 2; give a letter"),
        (
            "choice",
            {"0": "A"},
            [{"id": 0, "answer": "A", "options": [*"abcdefghijk"]}],
            "11 options; at most 10 can be",
        ),
        ("other", {}, {}, "unknown task 'other'"),
    ],
)
def test_files_that_cannot_be_scored(tmp_path, task, predictions, truth, message):
    with pytest.raises(UserError, match=message):
        score_files(task, files(tmp_path, predictions, truth))


def test_a_missing_file(tmp_path):
    with pytest.raises(UserError, match=r"cannot read .*absent\.json: No such file"):
        score_files("tvg", ScoreRequest(tmp_path / "absent.json", tmp_path / "absent.json"))
