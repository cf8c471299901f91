"""Prompt embeddings and greedy answers equal upstream's, token by token."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np

from tests.support.golden_model import GoldenModel
from tests.support.tolerances import assert_close
from timesuite_jax.generation import GenerationSpec, continue_once, generate, prefill
from timesuite_jax.models.text import Mistral
from timesuite_jax.text import clip_time_texts, encode_clip_texts, load_clip_tokenizer
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


def clip_text(golden: GoldenModel, cases: list[dict]) -> tuple[np.ndarray, np.ndarray]:
    """Encodes the clip texts of the timestamps in the prompts."""
    tokenizer = load_clip_tokenizer(golden.folder.parent / "tokenizers/bert")
    sizes = {"clips": golden.spec.clips, "clip_frames": golden.spec.clip_frames}
    listed = [case["msg"].partition("sampled at ")[2].partition(" seconds")[0].split(", ") for case in cases]
    read = [encode_clip_texts(tokenizer, clip_time_texts(list(map(float, times)), **sizes), 64) for times in listed]
    return np.stack([text.ids for text in read]), np.stack([text.mask for text in read])


def test_prompt_embeddings(golden: GoldenModel):
    """Frames and text yield the inputs of upstream's language model, with the BOS embedding of its evaluation."""
    cases, arrays = cases_of(golden), golden.arrays("generate.npz")
    spec, count = dataclasses.replace(golden.spec, bos="embedding"), golden.spec.video_tokens
    rows = [[*before, *[0] * count, *after] for before, after in (case["segment_ids"] for case in cases)]
    shape = len(rows), max(map(len, rows))
    tokens, valid, slots = np.zeros(shape, np.int32), np.zeros(shape, bool), np.full(shape, -1, np.int32)
    for row, (ids, case) in enumerate(zip(rows, cases, strict=True)):
        tokens[row, : len(ids)], valid[row, : len(ids)] = ids, True
        start = len(case["segment_ids"][0])
        slots[row, start : start + count] = np.arange(count)
    texts, mask = clip_text(golden, cases)
    batch = {
        "frames": golden.frames("video_u8")[[case["video_index"] for case in cases]],
        "clip_text": texts,
        "clip_text_mask": mask,
        "tokens": tokens,
        "visual_slot": slots,
        "valid": valid,
    }
    embed = jax.jit(functools.partial(VideoChatT(spec).apply, method="embed_prompt"))
    embeds, aux = embed({"params": golden.params}, batch)
    for row, case in enumerate(cases):
        tag = case["tag"]
        assert_close(aux["visual_tokens"][row][None], arrays[f"{tag}.img_embeds"], "encode", tag)
        assert_close(embeds[row][valid[row]][None], arrays[f"{tag}.inputs_embeds"], "encode", tag)


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
