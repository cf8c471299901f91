"""Scores of dense captions equal those of TimeSuite's scorer, and by default with its columns in the right order."""

import gzip
import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.caption_goldens import read_caption_golden
from timesuite_jax.evaluation.prediction_files.dense_captions import read_dense_captions
from timesuite_jax.metrics.captions.dense import VideoEvents, dense_caption_scores
from timesuite_jax.metrics.captions.dense.paragraphs import paragraphs
from timesuite_jax.metrics.captions.meteor import Meteor
from timesuite_jax.metrics.captions.meteor.lexicon import Lexicon
from timesuite_jax.metrics.captions.ptb import ptb_tokenize

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("pycocoevalcap") is None,
    reason="pycocoevalcap, which has METEOR's synonyms and paraphrases, is not installed",
)
NAMES = {
    "cider": "CIDER",
    "meteor": "METEOR",
    "f1": "F1_Score",
    "precision": "Precision_Mean",
    "recall": "Recall_Mean",
    "events": "n_preds",
    "paragraph_cider": "Para_CIDER",
    "paragraph_meteor": "Para_METEOR",
}


@pytest.fixture(scope="module")
def synonyms() -> Meteor:
    return Meteor(Lexicon(Meteor.installed([]).lexicon.synonyms))


def with_paraphrases(videos: Sequence[VideoEvents]) -> Meteor:
    """Reads the table of paraphrases, which takes seconds, once for several calls."""
    events = [event for video in videos for event in (*video.truth, *(video.predicted or ()))]
    tokens = ptb_tokenize([event.caption for event in events])
    return Meteor.installed([*tokens, *(text for side in paragraphs(videos, protocol="default") for text in side)])


def check(scores: dict[str, float], golden: dict) -> None:
    """Compares every metric that the golden has."""
    expected = {**golden["mean"], **golden.get("para", {})}
    soda = next(name for name in expected if name.startswith("SODA_c") and expected[name] != -1)
    compared = set()
    for name, value in scores.items():
        plain = name.replace("soda_c_meteor_exact_stem_synonym", "soda_c").replace("_exact_stem_synonym", "")
        kind, _, threshold = plain.partition("_iou_")
        upstream = f"{kind.title()}@{threshold}" if threshold else soda if plain == "soda_c" else NAMES[plain]
        if upstream in expected:
            assert value == pytest.approx(expected[upstream], abs=1e-12), name
            compared.add(upstream)
    assert set(expected) - compared <= {"SODA_c_1", "SODA_c_2", "SODA_c_3", "key"}


def inputs(goldens: Path, case: dict, folder: Path):
    """Reads the events of a case, whose files may be compressed."""
    paths = []
    for name in (case["predictions"], case["truth"]):
        source = goldens / "captions" / "soda_inputs" / name
        if not source.is_file():
            packed = source.with_name(f"{source.name}.gz")
            if not packed.is_file():
                return None
            source = folder / source.name
            source.write_bytes(gzip.decompress(packed.read_bytes()))
        paths.append(source)
    return read_dense_captions(*paths)[0]


def test_near_copies_without_paraphrases(goldens, tmp_path, synonyms):
    case = next(case for case in read_caption_golden(goldens, "soda.json")["timesuite"] if "no_paraphrase" in case)
    videos = inputs(goldens, case, tmp_path)
    assert videos and max(len(video.predicted or ()) for video in videos) > 10
    check(dense_caption_scores(videos, protocol="paper", meteor=synonyms).summary(), case["no_paraphrase"])


def test_absent_videos_count_as_empty_by_default(goldens, tmp_path):
    cases = {case["dataset"]: case for case in read_caption_golden(goldens, "soda.json")["timesuite"]}
    absent, empty = (inputs(goldens, cases[name], tmp_path) for name in ("with_absent", "with_empty"))
    assert any(video.predicted is None for video in absent)
    meteor = with_paraphrases([*absent, *empty])
    check(dense_caption_scores(absent, protocol="paper", meteor=meteor).summary(), cases["with_absent"]["upstream"])
    check(dense_caption_scores(empty, meteor=meteor).summary(), cases["with_empty"]["keys_in_number_order"])
    emptied = [VideoEvents(video.video, video.predicted or (), video.truth) for video in absent]
    default = dense_caption_scores(absent, meteor=meteor).summary()
    assert default == dense_caption_scores(emptied, meteor=meteor).summary()


@pytest.mark.nightly
def test_all_sets(goldens, tmp_path):
    for case in read_caption_golden(goldens, "soda.json")["timesuite"]:
        if videos := inputs(goldens, case, tmp_path):
            check(dense_caption_scores(videos, protocol="paper").summary(), case["upstream"])
            if "keys_in_number_order" in case:
                check(dense_caption_scores(videos).summary(), case["keys_in_number_order"])


def test_tiny_inputs(goldens, tmp_path, synonyms):
    checked = 0
    for case in read_caption_golden(goldens, "soda.json")["edge_timesuite"]:
        if "mean" not in case or case["name"] == "truth_same_id_twice":  # refused here
            continue
        paths = tmp_path / "predictions.json", tmp_path / "truth.json"
        for path, content in zip(paths, (case["predictions"], {"annotations": case["truth"]}), strict=True):
            path.write_text(json.dumps(content), encoding="utf-8")
        videos, _ = read_dense_captions(*paths)
        check(dense_caption_scores(videos, protocol="paper", meteor=synonyms).summary(), case)
        checked += 1
    assert checked > 5
