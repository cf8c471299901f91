"""Wrong queries, features and configs: one clear sentence each."""

import dataclasses

import numpy as np
import pytest

from tests.support.grounding_set import ROWS, WIDTH, make_set, write_features_of, write_rows
from tests.support.paths import CONFIGS
from timesuite_jax.cli._configs import load_config
from timesuite_jax.data.corpora.sample import Dropped
from timesuite_jax.embeddings.video import VideoFeatures, write_features
from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.grounding.batch import Collate
from timesuite_jax.internvideo2.grounding.config import GroundingConfig
from timesuite_jax.internvideo2.grounding.inputs import check_inputs
from timesuite_jax.internvideo2.grounding.moment_query import MomentQuery, read_moment_queries
from timesuite_jax.internvideo2.grounding.predict import MomentPrediction
from timesuite_jax.internvideo2.grounding.query_features import query_features
from timesuite_jax.internvideo2.grounding.sample import row_levels
from timesuite_jax.internvideo2.grounding.scores import metric_names, moment_scores
from timesuite_jax.internvideo2.grounding.stream import sample_maker, training_queries, training_stream
from timesuite_jax.internvideo2.grounding.video_features import FeatureFolder

ROW = {"qid": 7, "query": "A dog runs.", "vid": "v", "duration": 32.0, "relevant_windows": [[4, 8]],
       "relevant_clip_ids": [2, 3], "saliency_scores": [[4, 4, 3], [1, 2, 2]]}  # fmt: skip


def make_config(folder, **data):
    config = load_config(f"{CONFIGS}/internvideo2/grounding.py:debug")
    files = {"train": f"{folder}/train.jsonl", "evaluation": None, "features": f"{folder}/features"}
    return GroundingConfig.from_config(
        {**config.to_dict(), "data": {**config.data.to_dict(), **files, "max_rows": ROWS, **data}}
    )


def read(tmp_path, **changes):
    write_rows(tmp_path / "q.jsonl", [{**ROW, **changes}])
    return read_moment_queries(tmp_path / "q.jsonl")[0]


def test_a_row_is_read(tmp_path):
    query = read(tmp_path)
    assert query == MomentQuery(7, "A dog runs.", "v", 32.0, ((4.0, 8.0),), {2: (4.0, 4.0, 3.0), 3: (1.0, 2.0, 2.0)})
    bare = read(tmp_path, relevant_windows=None, relevant_clip_ids=None, saliency_scores=None, qid="a7")
    assert bare.windows is None and bare.saliency is None and bare.id == "query a7"


def test_the_last_clip_may_end_after_the_video(tmp_path):
    assert read(tmp_path, duration=31.2, relevant_windows=[[28, 32]]).windows == ((28.0, 31.2),)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"relevant_windows": [[4, 34]]}, r"line 1 \(qid 7\): window .4, 34. is beyond the end of the video, 32"),
        ({"relevant_windows": [[32, 33]]}, "beyond the end"),
        ({"relevant_windows": [[8, 4]]}, "0 <= start < end"),
        ({"relevant_windows": [[-1, 4]]}, "0 <= start < end"),
        ({"relevant_windows": [[4]]}, "not a start and an end"),
        ({"relevant_windows": [[4, float("nan")]]}, "not a start and an end"),
        ({"relevant_windows": []}, "not a list of windows; leave it out"),
        ({"saliency_scores": [[4, 4, 3]]}, "there are 1 saliency_scores for 2 relevant_clip_ids"),
        ({"saliency_scores": None}, "there are no saliency_scores for 2 relevant_clip_ids"),
        ({"saliency_scores": [[4, 4, 3], [1]]}, "different numbers of annotators"),
        ({"saliency_scores": [["4"], [1]]}, "not a list of numbers"),
        ({"relevant_clip_ids": [2, 2]}, "relevant clip 2 is not the number of another clip"),
        ({"relevant_clip_ids": [-1, 2]}, "relevant clip -1"),
        ({"duration": 0}, "duration=0 is not a number of seconds above 0"),
        ({"duration": "32"}, "duration='32'"),
        ({"query": " "}, "query=' ' is not a text"),
        ({"vid": "../secret"}, "vid='../secret' is not the name of a video"),
        ({"qid": 1.5}, "qid=1.5"),
    ],
)  # fmt: skip
def test_wrong_rows(tmp_path, changes, message):
    with pytest.raises(UserError, match=message):
        read(tmp_path, **changes)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "contains no query"),
        ("{}\n", "line 1 has no qid, query, vid, duration"),
        ("\n[1]\n", "line 2 is not a JSON object"),
        ("{'qid': 1}", "line 1 is not JSON"),
        (2 * '{"qid": 1, "query": "a", "vid": "v", "duration": 2}\n', "line 2: qid 1 occurs twice"),
        ("".join(f'{{"qid": {qid}, "query": "a", "vid": "v", "duration": 2}}\n' for qid in ('"1"', 1)), "qid 1 occurs"),
    ],
)
def test_wrong_files(tmp_path, text, message):
    (tmp_path / "q.jsonl").write_text(text)
    with pytest.raises(UserError, match=message):
        read_moment_queries(tmp_path / "q.jsonl")


def test_a_file_with_a_byte_order_mark_and_one_in_another_encoding(tmp_path):
    text = '{"qid": 1, "query": "caf\u00e9", "vid": "v", "duration": 2}\n'
    (tmp_path / "q.jsonl").write_bytes(text.encode("utf-8-sig"))
    assert read_moment_queries(tmp_path / "q.jsonl")[0].query == "caf\u00e9"
    (tmp_path / "q.jsonl").write_bytes(text.encode("latin-1"))
    with pytest.raises(UserError, match="not text in UTF-8"):
        read_moment_queries(tmp_path / "q.jsonl")


def test_no_file(tmp_path):
    with pytest.raises(UserError, match="cannot read"):
        read_moment_queries(tmp_path / "q.jsonl")


QUERY = MomentQuery(7, "a", "v", 32.0)


@pytest.mark.parametrize(
    ("shape", "duration", "message"),
    [
        ((ROWS, 8), 32.0, "width 8, the config has model.video_width=64"),
        ((ROWS + 1, WIDTH), 34.0, "17 rows, more than data.max_rows=16; raise it"),
        ((ROWS, 2, WIDTH), 32.0, "without --tokens"),
        ((ROWS // 2, WIDTH), 32.0, "features up to 16 s, but query 7 has duration=32"),
    ],
)
def test_features_that_do_not_fit(tmp_path, shape, duration, message):
    path = write_features_of(tmp_path / "features", "v", np.ones(shape))
    assert path.is_file()
    folder = FeatureFolder(str(tmp_path / "features"), WIDTH, ROWS)
    with pytest.raises(UserError, match=message):
        folder.read(MomentQuery(7, "a", "v", duration))


def test_features_that_are_not_there(tmp_path):
    with pytest.raises(UserError, match="has no features of video 'v'; extract them with `timesuite features`"):
        FeatureFolder(str(tmp_path), WIDTH, ROWS).read(QUERY)


def test_all_that_is_missing_is_listed(tmp_path):
    with pytest.raises(UserError, match=r"no data.train=.*; no data.features=.*features, a folder that"):
        check_inputs(make_config(tmp_path), train=True, weights=True)
    make_set(tmp_path, "train", 4, seed=1)
    check_inputs(make_config(tmp_path), train=True, weights=True)
    for number in (1, 3):
        (tmp_path / f"features/train_{number}.npz").unlink()
    with pytest.raises(UserError, match="for 2 of 4 videos, among them train_1, train_3"):
        check_inputs(make_config(tmp_path), train=True, weights=True)


def evaluated(folder, **data):
    """A set to train on and to evaluate."""
    make_set(folder, "train", 2, seed=1)
    rows = make_set(folder, "val", 5, seed=2)
    return make_config(folder, evaluation=f"{folder}/val.jsonl", **data), rows


def test_features_that_cannot_be_evaluated_are_an_error_before_training(tmp_path):
    config, rows = evaluated(tmp_path)
    check_inputs(config, train=True, weights=True)
    write_features_of(tmp_path / "features", "train_0", np.ones((ROWS, 3)))  # dropped and counted in training
    check_inputs(config, train=True, weights=True)
    faults = [np.ones((ROWS, 3)), np.full((ROWS, WIDTH), np.nan), np.ones((2, WIDTH)), np.ones((ROWS + 1, WIDTH))]
    for number, values in enumerate(faults):
        write_features_of(tmp_path / "features", f"val_{number}", values)
    message = r"val.jsonl cannot be evaluated: .*val_0.npz has features of width 3, .*finite.*4 s, but .*; 1 more$"
    for train in (True, False):
        with pytest.raises(UserError, match=message):
            check_inputs(config, train=train, weights=True)
    (tmp_path / "features/val_0.npz").write_bytes(b"PK garbage")
    write_rows(tmp_path / "val.jsonl", rows[:3])
    with pytest.raises(UserError, match=r"val_0.npz is not a file of features: it is not a NumPy file; remove it"):
        check_inputs(config, train=True, weights=True)


def test_files_of_query_features_are_checked_before_training(tmp_path):
    words = tmp_path / "words"
    config, rows = evaluated(tmp_path, queries=str(words))
    with pytest.raises(UserError, match=r"there are no data.queries=.*words; correct"):
        check_inputs(config, train=True, weights=True)
    words.mkdir()
    with pytest.raises(UserError, match=r"no features of 21 of 21 queries in .*, among them 1000.npz or qid"):
        check_inputs(config, train=True, weights=True)
    width = config.model.query_width
    for qid in [*(row["qid"] for row in rows), *range(1000, 1006)]:
        np.savez(words / f"{qid}.npz", features=np.ones((2, width), np.float32))
    check_inputs(config, train=True, weights=True)
    for array, message in (
        (np.ones((2, width + 1)), "model.query_width="),
        (np.full((2, width), np.nan), "not finite"),
        (np.full(2, "a"), "not numbers"),
        (np.full(2, None), "Python objects"),
    ):
        np.savez(words / f"{rows[1]['qid']}.npz", features=array)
        with pytest.raises(UserError, match=f"cannot be evaluated: .*{message}"):
            check_inputs(config, train=True, weights=True)


def test_training_cannot_evaluate_queries_without_windows(tmp_path):
    config, rows = evaluated(tmp_path)
    write_rows(tmp_path / "val.jsonl", [{**row, "relevant_windows": None} for row in rows])
    with pytest.raises(UserError, match=r"val.jsonl has no query with relevant_windows to score against in training"):
        check_inputs(config, train=True, weights=True)
    check_inputs(config, train=False, weights=True)  # a file of predictions may be written
    check_inputs(make_config(tmp_path, evaluation=None), train=True, weights=True)


def prediction(**changes):
    query = MomentQuery(7, "a", "v", 32.0, ((0.0, 8.0),), {0: (4.0, 4.0, 4.0)})
    return MomentPrediction(dataclasses.replace(query, **changes), [(0.0, 8.0, 0.5)], [1.0, 0.5])


def test_a_video_shorter_than_a_clip_has_no_highlights():
    short = prediction(qid=8, duration=1.5, windows=((0.0, 1.5),))
    scores = moment_scores([prediction(), short])
    assert scores.metrics()["HL-min-VeryGood-Hit1"] == 1.0 and len(scores.groups) == 2
    assert (scores.details["queries_with_saliency"], scores.details["queries_shorter_than_a_clip"]) == (1, 1)
    assert set(scores.metrics()) == set(metric_names([prediction().query, short.query]))
    alone = moment_scores([short])
    assert set(alone.metrics()) == set(metric_names([short.query])) and "HL-min-VeryGood-mAP" not in alone.metrics()


def test_words_that_are_cut_in_evaluation_are_counted():
    cut = dataclasses.replace(prediction(qid=8), cuts=("words",))
    assert moment_scores([prediction(), cut]).details["queries_with_words_cut"] == 1


def test_more_windows_than_spans(tmp_path):
    with pytest.raises(UserError, match=r"data.max_windows=9 is more than model.spans=4"):
        make_config(tmp_path, max_windows=9)


def test_training_needs_windows(tmp_path):
    write_rows(tmp_path / "train.jsonl", [ROW, {**ROW, "qid": 8, "relevant_windows": None}])
    with pytest.raises(UserError, match="1 of 2 queries have no relevant_windows to learn from, the first is qid 8"):
        training_queries(make_config(tmp_path))


def test_files_of_query_features(tmp_path):
    read_query = query_features(str(tmp_path), 4, [QUERY])
    with pytest.raises(UserError, match=r"neither 7.npz nor qid7.npz"):
        read_query(QUERY)
    np.savez(tmp_path / "qid7.npz", last_hidden_state=np.ones((3, 4)))
    assert read_query(QUERY).shape == (3, 4)
    np.savez(tmp_path / "7.npz", features=np.ones(5))
    with pytest.raises(UserError, match=r"shape \(1, 5\), the config has model.query_width=4"):
        read_query(QUERY)
    np.savez(tmp_path / "7.npz", other=np.ones(5))
    with pytest.raises(UserError, match="no array features or last_hidden_state"):
        read_query(QUERY)


def test_hashed_words_are_those_of_any_machine():
    read_query = query_features("hashed", 12, [])
    dog, dogs = (read_query(MomentQuery(0, text, "v", 1.0)) for text in ("Dog!", "a dog"))
    assert dog.shape == (1, 12) and np.array_equal(dog[0], dogs[1]) and not np.array_equal(dogs[0], dogs[1])
    assert set(np.unique(dogs)) == {-1.0, 1.0}
    assert not read_query(MomentQuery(0, "?", "v", 1.0)).any()


def test_levels_of_rows():
    times = np.stack([np.arange(8), np.arange(1, 9)], axis=1).astype(np.float32) / np.float32(8)  # rows of 1 s
    query = MomentQuery(0, "a", "v", 8.0, ((2.0, 5.0),), {1: (4.0, 2.0), 2: (0.0, 0.0)})
    assert row_levels(query, times).tolist() == [0, 0, 4, 4, 1, 1, 0, 0]
    assert row_levels(MomentQuery(0, "a", "v", 8.0, ((2.0, 5.0),)), times).tolist() == [0, 0, 1, 1, 1, 0, 0, 0]


def test_cut_words_and_windows_are_counted(tmp_path):
    write_features_of(tmp_path / "features", "v", np.ones((ROWS, WIDTH)))
    windows = [[0, 4], [6, 8], [10, 14]]
    write_rows(tmp_path / "train.jsonl", [{**ROW, "query": "a b c", "relevant_windows": windows}])
    config = make_config(tmp_path, max_words=2, batch_size=2)
    make = sample_maker(config, [])
    (query,) = training_queries(config)
    sample = make(query, np.random.default_rng(0))
    assert sample.cuts == ("words", "windows") and len(sample.query) == 2
    whole = {(window[0] + window[1]) / 64 for window in windows}
    assert len(sample.windows) == 2 and set(sample.windows[:, 0].tolist()) < whole
    batch = Collate(config)([sample, Dropped("no features")])
    assert batch["video_mask"].any(axis=1).tolist() == [True, False]
    assert {name: array.shape for name, array in batch.items()} == {
        name: array.shape for name, array in Collate(config).abstract(2).items()
    }


def test_a_damaged_file_is_dropped_and_counted(tmp_path):
    make_set(tmp_path, "train", 2, seed=1)
    content = VideoFeatures(np.ones((ROWS, 3), np.float32), np.ones((ROWS, 2)), {})
    write_features(tmp_path / "features/train_0.npz", content)
    stream = training_stream(make_config(tmp_path, batch_size=6), seed=0, process_index=0, process_count=1)
    batch = next(stream)
    assert batch["video_mask"].any(axis=1).sum() == 3
    (counts,) = stream.report().values()
    assert (counts["used"], counts["dropped"]) == (3, 3) and "width 3" in str(counts)
    stream.close()
