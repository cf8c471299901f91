"""Prompt embeddings and greedy answers equal upstream's, token by token."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.support.golden_model import GoldenModel, seconds_of_text
from tests.support.tolerances import assert_close
from timesuite_jax.generation import GenerationSpec, continue_once, generate, prefill
from timesuite_jax.models.text import Mistral
from timesuite_jax.text import Turn
from timesuite_jax.videochat_t import protocol
from timesuite_jax.videochat_t.answering.predictor import VideoQuestion
from timesuite_jax.videochat_t.inference import VideoChatInference
from timesuite_jax.videochat_t.model.videochat_t import VideoChatT

REPLACED_ROW = "lm_head_weight_row"  # prefix of a row number: the head's row that a case replaces to force early stop


def language_params(golden: GoldenModel, case: dict) -> dict:
    params = golden.params["mistral"]
    for name in case:
        if name.startswith(REPLACED_ROW):
            kernel = params["lm_head"]["kernel"].copy()
            kernel[:, int(name.removeprefix(REPLACED_ROW))] = case[name]
            params = {**params, "lm_head": {**params["lm_head"], "kernel": kernel}}
    return params


def cases_of(golden: GoldenModel) -> list[dict]:
    """Returns all prompts, after checking that prompts and arrays correspond."""
    cases = golden.json("generate.json")
    assert cases
    assert {case["tag"] for case in cases} == {name.partition(".")[0] for name in golden.arrays("generate.npz")}
    return cases


@pytest.fixture
def released(golden: GoldenModel, monkeypatch) -> VideoChatInference:
    """The model under the protocol of upstream's evaluation.

    Upstream's values were computed with other pixel statistics, and for 16 new tokens.
    """
    monkeypatch.setattr(protocol, "CLIP_MEAN", golden.spec.vision.pixel_mean)
    monkeypatch.setattr(protocol, "CLIP_STD", golden.spec.vision.pixel_std)
    monkeypatch.setattr(protocol, "_NEW_TOKENS", max(len(case["output_ids"]) for case in cases_of(golden)))
    return golden.task(protocol="paper")


def question_of(golden: GoldenModel, case: dict) -> VideoQuestion:
    seconds = seconds_of_text(case["msg"])
    return VideoQuestion(golden.record(case["video_index"], [Turn(case["question"])], seconds), Turn(case["question"]))


def test_prompt_embeddings(golden: GoldenModel, released: VideoChatInference):
    """Records and questions yield the inputs of upstream's language model in its evaluation."""
    cases, arrays = cases_of(golden), golden.arrays("generate.npz")
    predictor, spec = released.predictor(golden.params), protocol.apply_protocol(released.config).model
    batch = predictor.collate([predictor.prepare(question_of(golden, case)) for case in cases], len(cases))
    embed = jax.jit(functools.partial(VideoChatT(spec).apply, method="embed_prompt"))
    embeds, aux = embed({"params": golden.params}, batch)
    for row, case in enumerate(cases):
        tag = case["tag"]
        assert_close(aux["visual_tokens"][row][None], arrays[f"{tag}.img_embeds"], "encode", tag)
        assert_close(embeds[row][batch["valid"][row]][None], arrays[f"{tag}.inputs_embeds"], "encode", tag)


def test_answers(golden: GoldenModel, released: VideoChatInference):
    """Records and questions yield upstream's answers, each alone and in a batch."""
    for case in cases_of(golden):
        params = {**golden.params, "mistral": language_params(golden, case)}
        predictor, question = released.predictor(params), question_of(golden, case)
        prepared = predictor.prepare(question)
        answers = [predictor.predict([prepared] * size, 2) for size in (1, 2)]
        assert [answer.text for batch in answers for answer in batch] == [case["text"]] * 3, case["tag"]


def test_greedy_decoding(golden: GoldenModel):
    model = Mistral(golden.spec.mistral)
    eos = golden.config["mistral_config"]["eos_token_id"]
    further = jax.jit(continue_once, static_argnums=0)
    for case in cases_of(golden):
        tag, answer = case["tag"], case["output_ids"]
        arrays = golden.arrays("generate.npz")
        params, embeds = language_params(golden, case), jnp.asarray(arrays[f"{tag}.inputs_embeds"])
        valid = jnp.ones(embeds.shape[:2], bool)
        # Allows more tokens if upstream stopped at the end token, at which generation must stop too.
        new = len(answer) + (4 if case["finished_early"] else 0)
        spec = GenerationSpec(max_new_tokens=new, stop_tokens=(eos,))

        step_logits = arrays[f"{tag}.step_logits"]
        logits, cache = jax.jit(prefill, static_argnums=(0, 4))(model, params, embeds, valid, spec)
        for place, token in enumerate(answer):
            assert_close(logits[0], step_logits[place], "logits", f"{tag}, step {place}")
            read = jnp.asarray([token], jnp.int32), jnp.asarray([embeds.shape[1] + place], jnp.int32)
            logits, cache = further(model, params, *read, cache)
        out = generate(model, params, embeds, valid, spec)
        np.testing.assert_array_equal(out.tokens[0, : out.lengths[0]], answer, tag)
        assert bool(out.stopped[0]) == case["finished_early"], tag
        # Compares with upstream's logits of every step, by the log-probability of each generated token.
        peaks = np.log(np.sum(np.exp(step_logits.astype(np.float64)), axis=-1))
        expected = step_logits[np.arange(len(answer)), answer] - peaks
        assert_close(out.logprobs[0, : out.lengths[0]], expected, "loss", f"{tag}, steps")
