"""Greedy answers of the original, token for token, from its own prompt embeddings."""

import json
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from language_model import read_params, read_spec

from timesuite_jax.generation import GenerationSpec, generate, prefill
from timesuite_jax.models.mistral import Mistral


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every generation case of every model folder."""
    root = metafunc.config.getoption("--goldens") / "videochat_t"
    files = sorted(root.glob("*/generate.json"))
    cases = [(file.parent, case) for file in files for case in json.loads(file.read_text())]
    if not root.exists():
        cases = [pytest.param(None, None, marks=pytest.mark.skip(f"no golden family in {root}"))]
    elif not cases:
        raise ValueError(f"{root} has no case in any */generate.json")
    ids = ["absent" if not isinstance(c, tuple) else f"{c[0].name}-{c[1]['tag']}" for c in cases]
    metafunc.parametrize(("folder", "case"), cases, ids=ids)


def test_greedy(folder: Path, case: dict):
    golden = np.load(folder / "generate.npz")
    step_logits = golden[f"{case['tag']}.step_logits"]
    params = read_params(folder)
    for name in case:
        if name.startswith("lm_head_weight_row"):  # the case replaces one row of the head to force an early stop
            params["lm_head"]["kernel"][:, int(name.removeprefix("lm_head_weight_row"))] = case[name]
    embeds = jnp.asarray(golden[f"{case['tag']}.inputs_embeds"])
    valid = jnp.ones(embeds.shape[:2], bool)
    # Room for more where the original stopped by itself: so must we.
    new = len(case["output_ids"]) + (4 if case["finished_early"] else 0)
    eos = json.loads((folder / "config.json").read_text())["mistral_config"]["eos_token_id"]
    model, spec = Mistral(read_spec(folder)), GenerationSpec(max_new_tokens=new, stop_tokens=(eos,))

    logits, _ = prefill(model, params, embeds, valid, spec)
    assert np.max(np.abs(logits[0] - step_logits[0])) <= 1e-5 * np.max(np.abs(step_logits[0]))
    out = generate(model, params, embeds, valid, spec)
    np.testing.assert_array_equal(out.tokens[0, : out.lengths[0]], case["output_ids"])
    assert bool(out.stopped[0]) == case["finished_early"]
    # The original's logits of every step, through the probability of each token chosen.
    peaks = np.log(np.sum(np.exp(step_logits.astype(np.float64)), axis=-1))
    expected = step_logits[np.arange(len(step_logits)), case["output_ids"]] - peaks
    np.testing.assert_allclose(out.logprobs[0, : out.lengths[0]], expected, rtol=1e-5, atol=2e-5)
