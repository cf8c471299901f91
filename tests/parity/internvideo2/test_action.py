"""Logits, losses and gradients of every recorded classifier equal upstream's, through port and training loss."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.support.golden_folder import LOSS, GoldenFolder, assert_gradient_summaries, assert_gradients, assert_output
from tests.support.internvideo2 import channels_last
from tests.support.internvideo2_action import Classifier, to_torch
from timesuite_jax.internvideo2.action.loss import action_loss
from timesuite_jax.internvideo2.action.mixing import MixingSpec
from timesuite_jax.objectives import smoothed_targets, soft_cross_entropy

UNMIXED = MixingSpec(probability=0.0)


def classifier(golden: GoldenFolder, tag: str) -> Classifier:
    """The classifier whose outputs are recorded under a tag."""
    if tag.startswith("main"):
        fused = {"activation": "gelu_tanh"} if tag.endswith("_fused") else {}
        return Classifier.read(golden, weights_of(tag), golden.config["main_kwargs"], **fused)
    fields = {"extra_mlp": tag == "ap"}
    if match := re.fullmatch(r"cat_(.+?)_(kaiming_BN|BN|LN)", tag):
        fields = {"merge": match[1], "merge_norm": match[2]}
    return Classifier.read(golden, weights_of(tag), golden.config["small_kwargs"], **fields)


def weights_of(tag: str) -> str:
    """Name of the file with the weights of a tag."""
    return "weights" if tag.startswith("main") else f"weights_{tag}"


def test_logits_of_every_classifier(golden_case):
    """The repository has the weights of one of them, the whole folder those of all."""
    golden, checked = golden_case("finetune"), set()
    video = channels_last(golden.arrays["video"])
    for name, expected in golden.arrays.items():
        match = re.fullmatch(r"(\w+)\.logits", name)
        if not match or not golden.has(f"{weights_of(match[1])}.safetensors"):
            continue
        one = classifier(golden, match[1])
        logits = jax.jit(lambda params, one=one: one.model.apply({"params": params}, video))(one.params)
        assert_output(logits, expected, name)
        checked.add(weights_of(match[1]))
    assert checked == {path.stem for path in golden.folder.glob("weights*.safetensors")}


def test_losses_of_logits(golden_case):
    arrays = golden_case("finetune").arrays
    logits, labels = jnp.asarray(arrays["main.logits"]), jnp.asarray(arrays["labels"], jnp.int32)
    targets = {
        "ce": smoothed_targets(labels, logits.shape[1]),
        "label_smoothing_0p1": smoothed_targets(labels, logits.shape[1], 0.1),
        "soft": jnp.asarray(arrays["soft_targets"]),
    }
    for name, target in targets.items():
        loss = jnp.mean(soft_cross_entropy(logits, target))
        np.testing.assert_allclose(loss, arrays[f"main.loss_{name}"], atol=LOSS, err_msg=name)


def test_training_loss_and_gradients(golden_case):
    golden = golden_case("finetune")
    if not golden.has("grads_ce.safetensors"):
        pytest.skip("the gradients are not in the repository")
    one = classifier(golden, "main")
    labels = jnp.asarray(golden.arrays["labels"], jnp.int32)
    video, valid = channels_last(golden.arrays["video"]), jnp.ones(len(labels), bool)

    def mean_losses(params):
        def mean_loss(smoothing):
            rng = jax.random.key(0)
            total, weight, _ = action_loss(one.model, UNMIXED, smoothing, params, video, labels, valid, rng)
            return total / weight

        soft = soft_cross_entropy(one.model.apply({"params": params}, video), soft_targets)
        losses = {"ce": mean_loss(0.0), "label_smoothing": mean_loss(0.1), "soft": jnp.mean(soft)}
        return losses, losses

    soft_targets = jnp.asarray(golden.arrays["soft_targets"])
    gradients, losses = jax.jit(jax.jacrev(mean_losses, has_aux=True))(one.params)
    summaries = golden.gradient_summaries
    assert set(summaries) == set(losses)
    for name, loss in losses.items():
        recorded = "label_smoothing_0p1" if name == "label_smoothing" else name
        np.testing.assert_allclose(loss, golden.arrays[f"main.loss_{recorded}"], atol=LOSS, err_msg=name)
        found = to_torch(one.table, gradients[name])
        assert_gradient_summaries(found, summaries[name], name)
        if golden.has(f"grads_{name}.safetensors"):
            assert_gradients(found, golden.weights(f"grads_{name}"))
