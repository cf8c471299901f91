"""Outputs of the Q-Former and its layers equal upstream's, with and without text."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn

from tests.support.golden_model import GoldenModel
from tests.support.tolerances import assert_close
from timesuite_jax.models.text import QFormer, QFormerSpec
from timesuite_jax.text import encode_clip_texts, load_clip_tokenizer
from timesuite_jax.videochat_t.port import table as port_table


def queries(golden: GoldenModel, count: int) -> jax.Array:
    both = np.concatenate([golden.params["query_tokens"], golden.params["extra_query_tokens"]], axis=1)
    return jnp.broadcast_to(jnp.asarray(both), (count, *both.shape[1:]))


def shortened(golden: GoldenModel, layers: int) -> tuple[QFormerSpec, dict]:
    """Returns spec and parameters of the golden Q-Former's first layers."""
    table = port_table.build(dataclasses.replace(golden.sizes, qformer_layers=layers))
    return dataclasses.replace(golden.spec.qformer, layers=layers), golden.tree(table)["qformer"]


def is_seen(module: nn.Module, _: str) -> bool:
    return module.name in ("embeddings", "last_even")


def test_with_text(golden: GoldenModel):
    stored, spec = golden.arrays("qformer.npz"), golden.spec.qformer
    vision = jnp.asarray(stored["encoder_hidden_states"])
    tokenizer = load_clip_tokenizer(golden.tokenizer_folders[1])
    text = encode_clip_texts(tokenizer, golden.json("cases.json")["qformer_texts"], 64, "left_per_video")
    out, _ = jax.jit(QFormer(spec).apply)(
        {"params": golden.params["qformer"]},
        queries(golden, len(vision)),
        vision,
        jnp.asarray(text.ids),
        jnp.asarray(text.mask),
    )
    assert_close(out, stored["text_out"][:, : spec.tokens], "qformer")


def test_right_padding_does_not_change_the_output(golden: GoldenModel):
    stored, spec = golden.arrays("qformer.npz"), golden.spec.qformer
    vision, wider = jnp.asarray(stored["encoder_hidden_states"]), ((0, 0), (0, 9))
    out, _ = jax.jit(QFormer(spec).apply)(
        {"params": golden.params["qformer"]},
        queries(golden, len(vision)),
        vision,
        jnp.asarray(np.pad(stored["input_ids"], wider, constant_values=7)),
        jnp.asarray(np.pad(stored["text_attention_mask"], wider), bool),
    )
    assert_close(out, stored["text_out"][:, : spec.tokens], "qformer")


def test_without_text(golden: GoldenModel):
    stored = golden.arrays("qformer.npz")
    table = port_table.build(dataclasses.replace(golden.sizes, text_input=False))
    unused = set(golden.table.entries) - set(table.entries)
    assert unused == set(golden.config["text_input_false_missing_keys"])
    spec = dataclasses.replace(golden.spec.qformer, text_input=False)
    vision = jnp.asarray(stored["encoder_hidden_states"])
    out, _ = jax.jit(QFormer(spec).apply)(
        {"params": golden.tree(table)["qformer"]}, queries(golden, len(vision)), vision
    )
    assert_close(out, stored["notext_out"], "qformer")


def test_layers(golden: GoldenModel):
    stored = golden.arrays("qformer.npz")
    vision, text = jnp.asarray(stored["encoder_hidden_states"][:1]), jnp.asarray(stored["input_ids"][:1])
    mask = jnp.asarray(stored["text_attention_mask"][:1], bool)
    for layers in range(1, golden.spec.qformer.layers + 1):
        spec, params = shortened(golden, layers)
        expected = stored[f"text_hidden{layers}_b0"]
        seen = functools.partial(QFormer(spec).apply, capture_intermediates=is_seen)
        (out, _), captured = jax.jit(seen)({"params": params}, queries(golden, 1), vision, text, mask)
        assert_close(out, expected[:, : spec.tokens], "qformer", f"queries after layer {layers}")
        # Text is captured after the embeddings, and after a layer that is not part of the stack.
        inner = {0: "embeddings", layers: "last_even"} if layers % 2 else {0: "embeddings"}
        for index, name in inner.items():
            rows = jnp.concatenate(captured["intermediates"][name]["__call__"][0], axis=1)
            assert_close(rows[:, : spec.tokens], stored[f"text_hidden{index}_b0"][:, : spec.tokens], "qformer", name)
            real = np.flatnonzero(np.asarray(mask[0])) + spec.tokens
            assert_close(rows[:, real], stored[f"text_hidden{index}_b0"][:, real], "qformer", f"text, {name}")
