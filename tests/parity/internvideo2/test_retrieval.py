"""Similarities, re-ranking, dual softmax and metrics of retrieval equal upstream's."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.support.golden_folder import OUTPUT, assert_output
from tests.support.video_text import params_of, video_text_spec
from timesuite_jax.internvideo2.stage2.data import CaptionTokens
from timesuite_jax.internvideo2.stage2.retrieval import Retriever
from timesuite_jax.metrics.retrieval import RetrievalScores, dual_softmax, ranks
from timesuite_jax.models.vision import VideoEncoderSpec


def right(table: dict[str, int | list[int]]) -> list[list[int]]:
    """Right answers of each query; one that has only one may be a number."""
    return [value if isinstance(value, list) else [value] for value in table.values()]


def percent(found: np.ndarray) -> dict[str, float]:
    """R@K as upstream rounds them."""
    summary = RetrievalScores(found).summary()
    return {name: round(100 * summary[name], 2) for name in ("r_1", "r_5", "r_10", "r_mean")}


def recorded(metrics: dict[str, float], direction: str) -> dict[str, float]:
    return {
        f"r_{name}": metrics[f"{direction}_r{'' if name != 'mean' else '_'}{name}"] for name in ("1", "5", "10", "mean")
    }


def test_metrics(golden_case):
    golden = golden_case("retrieval")
    config, arrays = golden.config, golden.arrays
    texts, videos = right(config["img2txt"]), right(config["txt2img"])
    for scores, answers, direction in ((arrays["scores_i2t"], texts, "v2t"), (arrays["scores_t2i"], videos, "t2v")):
        assert percent(ranks(scores, answers)) == recorded(config["itm_eval"], direction)
    big, own = arrays["big"], [[number] for number in range(30)]
    for scores, name in ((big, "itm_eval_big"), (None, "itm_eval_big_dsl")):
        both = (big, big.T) if scores is not None else (dual_softmax(big), dual_softmax(big.T))
        for matrix, direction in zip(both, ("v2t", "t2v"), strict=True):
            assert percent(ranks(matrix, own)) == recorded(config[name], direction)


def test_dual_softmax(golden_case):
    arrays = golden_case("retrieval").arrays
    assert_output(dual_softmax(arrays["big"]), arrays["dsl.i2t"], "texts")
    assert_output(dual_softmax(arrays["big"].T), arrays["dsl.t2i"], "videos")


@pytest.mark.parametrize("selection", ["dsl0", "dsl1"])
def test_evaluation(golden_case, monkeypatch, selection):
    """Of model A, with re-ranking of the three most similar ones by similarity or by dual softmax."""
    golden, model = golden_case("retrieval"), golden_case("stage2_visual")
    if "eval.videos" not in golden.arrays:
        pytest.skip("the videos are not in the repository")
    monkeypatch.setattr(VideoEncoderSpec, "normalise", lambda _, frames: frames)
    spec = video_text_spec(model.config, teacher=False, own_image=True)
    retriever = Retriever(spec, params_of(model.weights("weights")), batch_size=3)
    tokens = CaptionTokens(str(golden_case("tokenizer").folder / "vocab.txt"), golden.config["eval_text_len"])
    arrays = golden.arrays
    videos = retriever.encode_videos(np.moveaxis(arrays["eval.videos"], 2, -1))
    for clean in (True, False):
        texts = retriever.encode_texts(*tokens(golden.config["eval_texts"], clean=clean))
        cosines = retriever.similarity(videos, texts)
        if np.allclose(softmax(cosines), arrays[f"eval.{selection}.i2t_sim"], atol=OUTPUT):
            break
    assert_output(softmax(cosines), arrays[f"eval.{selection}.i2t_sim"], "similarity of texts")
    assert_output(softmax(cosines.T), arrays[f"eval.{selection}.t2i_sim"], "similarity of videos")
    dual, dual_text = dual_softmax(cosines), dual_softmax(cosines.T)
    assert_output(softmax(dual), arrays[f"eval.{selection}.i2t_dsl"], "dual softmax of texts")
    assert_output(softmax(dual_text), arrays[f"eval.{selection}.t2i_dsl"], "dual softmax of videos")
    chosen = (dual, dual_text) if selection == "dsl1" else (cosines, cosines.T)
    of_videos, of_texts = retriever.rerank(videos, texts, *chosen, golden.config["eval"]["k_test"])
    assert_output(softmax(of_videos), arrays[f"eval.{selection}.i2t_match"], "matching of texts")
    assert_output(softmax(of_texts), arrays[f"eval.{selection}.t2i_match"], "matching of videos")


def softmax(scores: np.ndarray) -> np.ndarray:
    """Upstream returns the softmax of each row."""
    return np.asarray(jax.nn.softmax(jnp.asarray(scores), axis=1))
