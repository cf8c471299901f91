"""Several questions in one row, blind to each other, train like rows of their own."""

import dataclasses

import jax
import numpy as np
from flax import linen as nn

from tests.support import tiny_config
from timesuite_jax import param_tree
from timesuite_jax.data.corpora import CorpusShare, Mixture
from timesuite_jax.objectives.next_token import answer_cross_entropy
from timesuite_jax.registry import build
from timesuite_jax.text import Turn
from timesuite_jax.videochat_t.data.processor import Processor
from timesuite_jax.videochat_t.data.sample_maker import SampleMaker

TURNS = (
    Turn("When is the red circle visible?", "From 0.5 to 1.5 seconds."),
    Turn("When is the blue square visible?", "From 2.0 to 9.5 seconds."),
    Turn("Which is visible first?", "The red circle."),
    Turn("When is the red circle visible?", "0.5 - 1.5 seconds."),
)


def test_gradients_are_those_of_a_row_for_each_question(tiny_corpus):
    config = tiny_config.get_config(str(tiny_corpus))
    config.data.buckets = (256,)
    task = build(config)
    record = dataclasses.replace(Mixture([CorpusShare(str(tiny_corpus))]).read(0), turns=TURNS)

    def batch(turns, records):
        spec = dataclasses.replace(task.config.data, turns=turns)
        processor = Processor(spec, task.config.video_inputs(), *task.tokenizers, train=True)
        maker, rng = SampleMaker(processor), np.random.default_rng(0)
        return processor.collate([maker(one, rng) for one in records], fixed_length=True)

    together = batch("independent", [record])
    apart = batch("all", [dataclasses.replace(record, turns=(turn,)) for turn in TURNS])
    assert together["segments"].max() == 4 and "segments" not in apart
    assert together["loss_mask"].sum() == apart["loss_mask"].sum() > 20
    params = nn.meta.unbox(jax.jit(task.model.init)(jax.random.key(0), apart))["params"]
    # At their initial zeros, the last layers of TAPE and of adapters would hide the gradients of the others.
    noise = np.random.default_rng(1)
    params = jax.tree.map(
        lambda leaf: np.asarray(leaf + 0.05 * noise.standard_normal(leaf.shape), leaf.dtype), jax.device_get(params)
    )

    def loss(params, inputs):
        hidden, aux = task.model.apply({"params": params}, inputs)
        lora = task.config.model.mistral.lora
        return answer_cross_entropy(
            hidden[:, :-1],
            inputs["tokens"][:, 1:],
            inputs["loss_mask"][:, 1:],
            params["mistral"]["lm_head"],
            chunk=task.config.loss_chunk,
            scaling=lora.scaling if lora else 1.0,
            head_input=aux["head_input"][:, :-1],
        )[0]

    gradient = jax.jit(jax.value_and_grad(loss))
    (one, found), (four, expected) = jax.device_get((gradient(params, together), gradient(params, apart)))
    np.testing.assert_allclose(one, four, rtol=1e-5)
    largest = max(float(abs(leaf).max()) for leaf in jax.tree.leaves(expected))
    leaves = dict(param_tree.leaves_with_paths(expected))
    moved = {path[0] for path, leaf in leaves.items() if np.any(leaf)}
    assert {"qformer", "query_tokens", "merge_proj", "temp_adap", "mistral"} <= moved
    for path, leaf in param_tree.leaves_with_paths(found):
        assert float(abs(leaf - leaves[path]).max()) <= 1e-5 * largest, path
