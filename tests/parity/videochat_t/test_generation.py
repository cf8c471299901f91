"""Greedy answers of the original, token for token, from its own prompt embeddings."""

import jax
import jax.numpy as jnp
import numpy as np
from closeness import assert_close
from golden_model import GoldenModel

from timesuite_jax.generation import GenerationSpec, generate, prefill
from timesuite_jax.models import Mistral

REPLACED_ROW = "lm_head_weight_row"  # and its number: a row of the head that a case replaces to force an early stop


def language_params(golden: GoldenModel, case: dict) -> dict:
    params = golden.params["mistral"]
    for name in case:
        if name.startswith(REPLACED_ROW):
            kernel = params["lm_head"]["kernel"].copy()
            kernel[:, int(name.removeprefix(REPLACED_ROW))] = case[name]
            params = {**params, "lm_head": {**params["lm_head"], "kernel": kernel}}
    return params


def test_greedy(golden: GoldenModel):
    model = Mistral(golden.spec.mistral)
    eos = golden.config["mistral_config"]["eos_token_id"]
    cases = golden.json("generate.json")
    assert cases
    for case in cases:
        tag, answer = case["tag"], case["output_ids"]
        arrays = golden.arrays("generate.npz")
        params, embeds = language_params(golden, case), jnp.asarray(arrays[f"{tag}.inputs_embeds"])
        valid = jnp.ones(embeds.shape[:2], bool)
        # Room for more where the original stopped by itself: so must we.
        new = len(answer) + (4 if case["finished_early"] else 0)
        spec = GenerationSpec(max_new_tokens=new, stop_tokens=(eos,))

        step_logits = arrays[f"{tag}.step_logits"]
        logits, _ = jax.jit(prefill, static_argnums=(0, 4))(model, params, embeds, valid, spec)
        assert_close(logits[0], step_logits[0], "logits", f"{tag}, after the prompt")
        out = generate(model, params, embeds, valid, spec)
        np.testing.assert_array_equal(out.tokens[0, : out.lengths[0]], answer, tag)
        assert bool(out.stopped[0]) == case["finished_early"], tag
        # The original's logits of every step, through the probability of each token chosen.
        peaks = np.log(np.sum(np.exp(step_logits.astype(np.float64)), axis=-1))
        expected = step_logits[np.arange(len(answer)), answer] - peaks
        assert_close(out.logprobs[0, : out.lengths[0]], expected, "loss", f"{tag}, steps")
