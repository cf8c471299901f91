"""Visual tokens of videos whose clip texts differ in length equal upstream's, in evaluation and in training."""

import dataclasses
import functools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.support.golden_model import GoldenModel, seconds_of_text
from tests.support.tolerances import assert_close, relative_error
from timesuite_jax.text import ClipTextPadding, Turn
from timesuite_jax.videochat_t.data.processor import Processor
from timesuite_jax.videochat_t.data.sample_maker import SampleMaker
from timesuite_jax.videochat_t.model.videochat_t import VideoChatT

FILE = "clip_text_padding"
TURNS = [Turn("When?", "Now.")]


@pytest.fixture
def cases(golden: GoldenModel) -> dict[str, dict]:
    """The calls of upstream, by name, with the arrays that it returned."""
    if not (golden.folder / f"{FILE}.npz").is_file():
        pytest.skip(f"{golden.folder} has no {FILE}.npz")
    arrays = golden.arrays(f"{FILE}.npz")
    calls = {call["tag"]: call for call in golden.json(f"{FILE}.json")}
    assert {name.partition(".")[0] for name in arrays} == set(calls)
    for tag, call in calls.items():
        call["arrays"] = {name.partition(".")[2]: array for name, array in arrays.items() if name.startswith(f"{tag}.")}
        # One video a call in evaluation, several in training.
        for field in ("video_index", "msg"):
            call[field] = call[field] if isinstance(call[field], list) else [call[field]]
    return calls


def batch_of(golden: GoldenModel, call: dict, padding: ClipTextPadding, *, train: bool) -> dict[str, np.ndarray]:
    """Returns the videos of a call as a batch of the training stream or of an evaluation."""
    task = golden.task(dataclasses.replace(golden.spec, clip_text_padding=padding))
    processor = Processor(task.config.data, task.config.video_inputs(), *task.tokenizers, train=train)
    records = [
        golden.record(video, TURNS, seconds_of_text(text))
        for video, text in zip(call["video_index"], call["msg"], strict=True)
    ]
    make, rng = SampleMaker(processor), np.random.default_rng(0)
    return processor.collate([make(record, rng) for record in records], fixed_length=True)


def visual_tokens(golden: GoldenModel, batch: dict[str, np.ndarray]) -> np.ndarray:
    inputs = (jnp.asarray(batch[name]) for name in ("frames", "clip_text", "clip_text_mask"))
    return _encode(golden.task().model, golden.params, *inputs)


@functools.partial(jax.jit, static_argnums=0)
def _encode(model: VideoChatT, params: dict, *inputs: jax.Array) -> jax.Array:
    return model.apply({"params": params}, *inputs, method="encode_video")[0]


def check_texts(batch: dict[str, np.ndarray], arrays: dict[str, np.ndarray]) -> None:
    """Checks columns and ids of the texts; what is right of upstream's columns is masked."""
    expected_mask = arrays["clip_text_mask"]
    columns = expected_mask.shape[1]
    ids, mask = (np.concatenate(batch[name]) for name in ("clip_text", "clip_text_mask"))
    np.testing.assert_array_equal(mask[:, :columns], expected_mask)
    np.testing.assert_array_equal(ids[:, :columns][expected_mask], arrays["clip_text"][expected_mask])
    assert not mask[:, columns:].any()


def evaluations(cases: dict[str, dict]) -> Sequence[str]:
    return [tag for tag in cases if tag.startswith("eval")]


def alone(cases: dict[str, dict]) -> Sequence[str]:
    return sorted(tag for tag in cases if tag.startswith("train_alone"))


@pytest.mark.parametrize("padding", ["left_per_video", "left_per_batch"])
def test_evaluation_pads_per_video(golden: GoldenModel, cases: dict[str, dict], padding: ClipTextPadding):
    assert evaluations(cases)
    for tag in evaluations(cases):
        batch = batch_of(golden, cases[tag], padding, train=False)
        check_texts(batch, cases[tag]["arrays"])
        assert_close(visual_tokens(golden, batch), cases[tag]["arrays"]["img_embeds"], "encode", tag)


def test_evaluation_does_not_depend_on_neighbours(golden: GoldenModel, cases: dict[str, dict]):
    tags = evaluations(cases)
    together = {field: [value for tag in tags for value in cases[tag][field]] for field in ("video_index", "msg")}
    tokens = visual_tokens(golden, batch_of(golden, together, "left_per_batch", train=False))
    expected = np.concatenate([cases[tag]["arrays"]["img_embeds"] for tag in tags])
    assert_close(tokens, expected, "encode")


def test_training_per_batch_is_upstreams(golden: GoldenModel, cases: dict[str, dict]):
    batch = batch_of(golden, cases["train_batch"], "left_per_batch", train=True)
    check_texts(batch, cases["train_batch"]["arrays"])
    assert_close(visual_tokens(golden, batch), cases["train_batch"]["arrays"]["img_embeds"], "encode")


def test_training_per_video_gives_each_sample_its_own_features(golden: GoldenModel, cases: dict[str, dict]):
    batch = batch_of(golden, cases["train_batch"], "left_per_video", train=True)
    expected = np.concatenate([cases[tag]["arrays"]["img_embeds"] for tag in alone(cases)])
    assert_close(visual_tokens(golden, batch), expected, "encode")
    # Upstream's features of the shorter sample depend on its neighbour.
    assert relative_error(cases["train_batch"]["arrays"]["img_embeds"], expected) > 0.01
