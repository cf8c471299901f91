"""VideoChat-T: parameters, visual slots, encoders, frozen parts, and errors on invalid configs."""

import dataclasses
import functools
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from tests.support.random_params import random_params
from timesuite_jax import parallel, param_tree
from timesuite_jax.errors import UserError
from timesuite_jax.models.text import MistralSpec, QFormerSpec
from timesuite_jax.models.vision import VIDEO_ENCODERS, EncoderEntry, UmtSpec, VideoEncoderSpec
from timesuite_jax.videochat_t.config import model_spec
from timesuite_jax.videochat_t.model.spec import VideoChatTSpec
from timesuite_jax.videochat_t.model.videochat_t import VideoChatT
from timesuite_jax.videochat_t.port import table as port_table

DEBUG = VideoChatTSpec.from_variant("debug")
SAMPLES, LENGTH, TEXT = 2, 40, 6
BEFORE = 3  # tokens before the visual ones


@functools.lru_cache
def batch(spec: VideoChatTSpec, image: bool = False) -> dict[str, jax.Array]:
    keys = jax.random.split(jax.random.key(0), 3)
    clips, count = (1, 1) if image else (spec.clips, spec.clip_frames)
    size, visual = spec.vision.image_size, spec.image_tokens if image else spec.video_tokens
    places = jnp.arange(LENGTH)[None] - BEFORE
    slots = jnp.where((places >= 0) & (places < visual), places, -1)
    return {
        "frames": jax.random.randint(keys[0], (SAMPLES, clips, count, size, size, 3), 0, 256).astype(jnp.uint8),
        "clip_text": jax.random.randint(keys[1], (SAMPLES, clips, TEXT), 0, spec.qformer.vocab),
        "clip_text_mask": jnp.ones((SAMPLES, clips, TEXT), bool),
        "tokens": jax.random.randint(keys[2], (SAMPLES, LENGTH), 0, spec.mistral.vocab),
        "visual_slot": jnp.broadcast_to(slots, (SAMPLES, LENGTH)),
        "valid": jnp.arange(LENGTH)[None] < jnp.asarray([[LENGTH], [LENGTH - 7]]),
    }


@functools.lru_cache
def params(spec: VideoChatTSpec = DEBUG) -> dict[str, Any]:
    return random_params(VideoChatT(spec).init, batch(spec))


@functools.partial(jax.jit, static_argnums=0, static_argnames="method")
def run(spec: VideoChatTSpec, params: dict, batch: dict, method: str = "__call__") -> tuple[jax.Array, dict]:
    return VideoChatT(spec).apply(params, batch, method=method)


def test_encoding_in_groups_gives_the_same_tokens():
    whole = run(DEBUG, params(), batch(DEBUG))[1]["visual_tokens"]
    groups = dataclasses.replace(DEBUG, clips_at_once=3)  # of 8 clips: the last group is padded
    np.testing.assert_allclose(run(groups, params(), batch(DEBUG))[1]["visual_tokens"], whole, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("clips_at_once", [16, 1])
def test_clips_that_devices_do_not_divide_give_the_same_tokens(clips_at_once: int):
    spec = dataclasses.replace(DEBUG, clips_at_once=clips_at_once, num_frames=3 * DEBUG.num_frames, tape=False)
    inputs = {name: array[:1] for name, array in batch(spec).items()}  # 12 clips, 8 devices
    expected = run(spec, params(), inputs, method="embed_prompt")[1]["visual_tokens"]
    with parallel.mesh_context(parallel.make_mesh(parallel.MeshSpec(fsdp=8)), parallel.DEFAULT_RULES):
        actual = run(spec, params(), inputs, method="embed_prompt")[1]["visual_tokens"]
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)


def test_memory_of_encoding_is_that_of_a_group():
    def temporaries(clips_at_once: int) -> int:
        spec = dataclasses.replace(DEBUG, clips_at_once=clips_at_once, num_frames=512, tape_clips=DEBUG.clips)
        inputs = jax.eval_shape(lambda: batch.__wrapped__(spec))
        compiled = run.lower(spec, params(), inputs, method="embed_prompt").compile()
        return compiled.memory_analysis().temp_size_in_bytes

    assert temporaries(2) < temporaries(128) / 3


@pytest.mark.parametrize("tape", [True, False])
@pytest.mark.parametrize("layers", [2, 3])
@pytest.mark.parametrize("text_input", [True, False])
def test_parameters_are_those_of_the_port_table(tape: bool, layers: int, text_input: bool):
    qformer = dataclasses.replace(DEBUG.qformer, layers=layers, text_input=text_input)
    spec = dataclasses.replace(DEBUG, tape=tape, qformer=qformer)
    inputs = jax.eval_shape(lambda: batch.__wrapped__(spec))
    boxed = jax.eval_shape(VideoChatT(spec).init, jax.random.key(0), inputs)["params"]
    unnamed = [
        "/".join(path)
        for path, leaf in param_tree.leaves_with_paths(boxed)
        if not isinstance(leaf, nn.LogicallyPartitioned) or len(leaf.names) != leaf.value.ndim
    ]
    assert not unnamed, "every axis of every parameter has a logical name"
    leaves = {"/".join(path): leaf.shape for path, leaf in param_tree.leaves_with_paths(nn.meta.unbox(boxed))}
    table = port_table.build(port_table.VideoChatTSizes.from_tree(leaves))
    assert {"/".join(path) for path in table.by_path} == set(leaves)


def test_released_model_has_the_published_sizes():
    spec = VideoChatTSpec.from_variant("released")
    assert (spec.clips, spec.video_tokens, spec.image_tokens, spec.bos) == (16, 384, 96, "ones")
    inputs = jax.eval_shape(lambda: batch.__wrapped__(spec))
    shapes = jax.eval_shape(VideoChatT(spec).init, jax.random.key(0), inputs)["params"]
    counts = {name: sum(leaf.size for leaf in jax.tree.leaves(part)) for name, part in nn.meta.unbox(shapes).items()}
    expected = {  # counted on upstream's model
        "vision_encoder": 290_477_056,
        "vision_layernorm": 2_048,
        "qformer": 182_121_216,
        "clip_proj": 590_592,
        "merge_proj": 12_587_008,
        "temp_adap": 1_721_344,
        "mistral": 7_241_732_096 + 42_520_576,
    }
    assert {name: counts[name] for name in expected} == expected
    assert counts["query_tokens"] + counts["extra_query_tokens"] == 73_728
    hidden, _ = jax.eval_shape(VideoChatT(spec).apply, {"params": nn.meta.unbox(shapes)}, inputs)
    assert hidden.shape == (SAMPLES, LENGTH, 4096)


@pytest.mark.parametrize("bos", ["ones", "embedding"])
def test_visual_tokens_are_in_their_slots(bos: str):
    spec, inputs = dataclasses.replace(DEBUG, bos=bos), batch(DEBUG)
    embeds, aux = run(spec, params(), inputs, method="embed_prompt")
    words = params()["params"]["mistral"]["embed"]["embedding"][inputs["tokens"]]
    visual = aux["visual_tokens"]
    assert visual.shape[1] == spec.video_tokens
    expected = words.at[:, BEFORE : BEFORE + spec.video_tokens].set(visual)
    expected = expected.at[:, 0].set(1.0) if bos == "ones" else expected
    np.testing.assert_array_equal(embeds, expected)


def test_visual_tokens_may_be_cut_or_left_out():
    inputs = batch(DEBUG)
    text_only = {**inputs, "visual_slot": jnp.full_like(inputs["visual_slot"], -1)}
    embeds, _ = run(DEBUG, params(), text_only, method="embed_prompt")
    np.testing.assert_array_equal(embeds, params()["params"]["mistral"]["embed"]["embedding"][inputs["tokens"]])


def test_images_are_embedded_like_videos():
    images = batch(DEBUG, image=True)
    embeds, aux = run(DEBUG, params(), images, method="embed_prompt")
    assert aux["visual_tokens"].shape == (SAMPLES, DEBUG.image_tokens, DEBUG.mistral.width)
    np.testing.assert_array_equal(embeds[:, BEFORE : BEFORE + DEBUG.image_tokens], aux["visual_tokens"])


def test_padding_changes_nothing():
    inputs = batch(DEBUG)
    changed = {**inputs, "tokens": jnp.where(inputs["valid"], inputs["tokens"], 5)}
    (one, _), (other, _) = run(DEBUG, params(), inputs), run(DEBUG, params(), changed)
    np.testing.assert_allclose(one[inputs["valid"]], other[inputs["valid"]], atol=1e-6)


def test_samples_are_independent():
    inputs = batch(DEBUG)
    swapped = jax.tree.map(lambda x: x[::-1], inputs)
    (one, _), (other, _) = run(DEBUG, params(), inputs), run(DEBUG, params(), swapped)
    np.testing.assert_allclose(one, other[::-1], atol=1e-5)


@pytest.mark.parametrize("train_vision", [False, True])
def test_frozen_encoder_gets_no_gradient(train_vision: bool):
    spec = dataclasses.replace(DEBUG, train_vision=train_vision)

    def loss(params: dict) -> jax.Array:
        return jnp.sum(jnp.square(VideoChatT(spec).apply(params, batch(DEBUG), method="embed_prompt")[0]))

    grads = jax.jit(jax.grad(loss))(params())["params"]
    moved = {name for name, part in grads.items() if any(leaf.any() for leaf in jax.tree.leaves(part))}
    encoder = {"vision_encoder", "vision_layernorm"}
    assert moved & encoder == (encoder if train_vision else set())
    assert {"qformer", "query_tokens", "extra_query_tokens", "clip_proj", "merge_proj", "temp_adap"} <= moved


def test_frozen_encoder_saves_nothing_for_the_backward_pass():
    """The memory of a training step does not grow with the depth of the encoder."""

    def memory(depth: int) -> int:
        spec = dataclasses.replace(DEBUG, vision=dataclasses.replace(DEBUG.vision, depth=depth, width=64, heads=2))
        inputs = jax.eval_shape(lambda: batch.__wrapped__(spec))
        shapes = nn.meta.unbox(jax.eval_shape(VideoChatT(spec).init, jax.random.key(0), inputs))

        def loss(params: dict, batch: dict) -> jax.Array:
            return jnp.sum(jnp.square(VideoChatT(spec).apply(params, batch, method="embed_prompt")[0]))

        trained, frozen = param_tree.split(shapes, lambda path: path[1] == "qformer")
        grad = jax.jit(jax.grad(lambda trained, frozen, batch: loss(param_tree.merge(trained, frozen), batch)))
        return grad.lower(trained, frozen, inputs).compile().memory_analysis().temp_size_in_bytes

    assert memory(24) <= 1.1 * memory(3)


@pytest.mark.parametrize(("clip_frames", "frames"), [(2, 4), (4, 16)])
def test_clip_lengths(clip_frames: int, frames: int):
    vision = dataclasses.replace(DEBUG.vision, num_frames=clip_frames)
    qformer = dataclasses.replace(DEBUG.qformer, queries=16, extra_queries=16)
    spec = dataclasses.replace(DEBUG, vision=vision, qformer=qformer, num_frames=frames)
    inputs = jax.eval_shape(lambda: batch.__wrapped__(spec))
    shapes = nn.meta.unbox(jax.eval_shape(VideoChatT(spec).init, jax.random.key(0), inputs))
    _, aux = jax.eval_shape(VideoChatT(spec).apply, shapes, inputs)
    assert aux["visual_tokens"].shape == (SAMPLES, spec.video_tokens, spec.mistral.width)


def test_types_in_half_precision():
    spec = VideoChatTSpec.from_variant(
        "debug",
        vision=UmtSpec.from_variant("debug", dtype="bfloat16", param_dtype="bfloat16"),
        qformer=QFormerSpec.from_variant("debug", dtype="bfloat16"),
        mistral=MistralSpec.from_variant("debug", dtype="bfloat16", param_dtype="bfloat16"),
    )
    shapes = nn.meta.unbox(jax.eval_shape(VideoChatT(spec).init, jax.random.key(0), batch(spec)))
    types = {"/".join(path): leaf.dtype for path, leaf in param_tree.leaves_with_paths(shapes["params"])}
    assert types["vision_encoder/blocks/attn/qkv/kernel"] == jnp.bfloat16
    assert types["qformer/pairs/even/attention/query/kernel"] == jnp.float32
    hidden, aux = jax.eval_shape(VideoChatT(spec).apply, shapes, batch(spec))
    assert hidden.dtype == jnp.bfloat16 and aux["query_tokens"].dtype == jnp.bfloat16


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_frames": 30}, "num_frames=30 is not a multiple of vision.num_frames=8"),
        ({"num_frames": 24}, "3 clips.*even"),
        ({"num_frames": 16}, "divisible by 64"),
        ({"merge_len": 3}, "= 16 is not divisible by merge_len=3"),
        ({"bos": "zeros"}, "bos='zeros'"),
    ],
)
def test_invalid_configs(change: dict, message: str):
    with pytest.raises(UserError, match=message):
        dataclasses.replace(DEBUG, **change)


def test_invalid_clips_and_variants():
    inputs = dict(batch(DEBUG))  # which other tests share
    inputs |= {name: inputs[name][:, :2] for name in ("frames", "clip_text", "clip_text_mask")}
    with pytest.raises(UserError, match=r"2 clips.*TAPE.* 4"):
        run(DEBUG, params(), inputs)
    with pytest.raises(UserError, match="'tiny' is unknown"):
        VideoChatTSpec.from_variant("tiny")


def test_segments_are_independent():
    inputs = batch(DEBUG)
    first, second = BEFORE + DEBUG.video_tokens + 2, LENGTH - 8
    index = jnp.arange(LENGTH)
    segments = jnp.broadcast_to(jnp.where(index < first, 0, jnp.where(index < second, 1, 2)), (SAMPLES, LENGTH))
    segments = jnp.where(inputs["valid"], segments, 0)
    together, _ = run(DEBUG, params(), {**inputs, "segments": segments})
    for number in (1, 2):
        # Reference: the other question is padding.
        visible = inputs["valid"] & ((segments == 0) | (segments == number))
        alone, _ = run(DEBUG, params(), {**inputs, "valid": visible})
        np.testing.assert_allclose(together[visible], alone[visible], rtol=1e-4, atol=1e-5)


@dataclasses.dataclass(frozen=True)
class ToySpec(VideoEncoderSpec):
    kind: Literal["toy"] = "toy"
    image_size: int = 16
    num_frames: int = 2
    width: int = 8
    dtype: str = "float32"
    flops: float = 0.0

    def tokens(self, frames: int) -> int:
        return frames


class ToyEncoder(nn.Module):
    """One token for each frame."""

    spec: ToySpec

    @nn.compact
    def __call__(self, frames: jax.Array, *, mask: jax.Array | None = None) -> tuple[jax.Array, dict]:
        return nn.Dense(self.spec.width)(frames.mean(axis=(2, 3))), {}


def test_an_encoder_is_a_spec_a_module_and_an_entry(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(VIDEO_ENCODERS, "toy", EncoderEntry(ToySpec, ToyEncoder))
    spec = model_spec({"variant": "debug", "num_frames": 8, "vision": {"kind": "toy", "width": 12}})
    assert spec.vision == ToySpec(width=12) and spec.clips == 4
    hidden, aux = run(spec, params(spec), batch(spec))
    assert aux["visual_tokens"].shape == (SAMPLES, spec.video_tokens, spec.mistral.width)
    assert np.isfinite(hidden).all()
    with pytest.raises(UserError, match=r"vision\.kind='toys' is unknown; choose one of internvideo2, toy, umt"):
        model_spec({"variant": "debug", "vision": {"kind": "toys"}})
