"""Features of layers, frames and tokens equal those of the whole encoder."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from timesuite_jax import registry
from timesuite_jax.embeddings.video import FeatureRequest
from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.action.config import ActionConfig
from timesuite_jax.internvideo2.action.inference import ActionInference
from timesuite_jax.internvideo2.action.spec import ActionSpec
from timesuite_jax.internvideo2.data import ClipDataSpec
from timesuite_jax.internvideo2.encoder.features import feature_encoder
from timesuite_jax.internvideo2.model import ReconstructionSpec
from timesuite_jax.internvideo2.reconstruction import ReconstructionConfig
from timesuite_jax.internvideo2.reconstruction.params import ReconstructionParams
from timesuite_jax.layers import unbox
from timesuite_jax.models.vision import InternVideo2Encoder, InternVideo2Spec

SPEC = InternVideo2Spec.from_variant("debug", layer_scale=0.5)


@pytest.fixture(scope="module")
def reference():
    """Frames, parameters, the outputs of all blocks and the pooled feature."""
    size = (2, SPEC.num_frames, SPEC.image_size, SPEC.image_size, 3)
    frames = jax.random.randint(jax.random.key(0), size, 0, 256).astype(jnp.uint8)
    spec = dataclasses.replace(SPEC, return_layers=tuple(range(SPEC.depth)))
    model = InternVideo2Encoder(spec)
    params = unbox(jax.jit(model.init)(jax.random.key(1), SPEC.normalise(frames))["params"])
    _, aux = jax.jit(model.apply)({"params": params}, SPEC.normalise(frames))
    return frames, params, aux


def encode(reference, **fields):
    frames, params, _ = reference
    return jax.jit(feature_encoder(SPEC, FeatureRequest(**fields)).encode)(params, frames)


def test_pooled(reference):
    np.testing.assert_allclose(encode(reference)[:, 0], reference[2]["pooled"], atol=1e-5)


@pytest.mark.parametrize(("layer", "number"), [(0, 0), (1, 1), (-1, 2), (-3, 0)])
def test_layers(reference, layer, number):
    expected = reference[2]["layers"][number]
    np.testing.assert_allclose(encode(reference, layer=layer, tokens=True), expected, atol=1e-5)
    patches = expected[:, 1:].reshape(2, SPEC.num_frames, -1, SPEC.width)
    np.testing.assert_allclose(encode(reference, layer=layer, level="frame"), patches.mean(2), atol=1e-5)
    np.testing.assert_allclose(encode(reference, layer=layer)[:, 0], patches.mean((1, 2)), atol=1e-5)


@pytest.mark.parametrize("layer", [3, -4])
def test_a_block_that_is_not_there(layer):
    with pytest.raises(UserError, match=f"layer={layer} is not among the 3 blocks"):
        feature_encoder(SPEC, FeatureRequest(layer=layer))


@pytest.mark.parametrize("stage", ["classifier", "student"])
def test_encoders_of_other_stages_give_the_same(reference, stage):
    frames, params, aux = reference
    if stage == "classifier":
        config = ActionConfig(
            ActionSpec(vision=SPEC, num_classes=2), data=ClipDataSpec(corpora=("none",), batch_size=1)
        )
        task, whole = ActionInference(config), {"vision": params}
    else:
        student, teacher = (dataclasses.replace(SPEC, return_layers=(-1,)) for _ in range(2))
        model = ReconstructionSpec(student, teacher)
        task = ReconstructionParams(ReconstructionConfig(model, ClipDataSpec(corpora=("none",), batch_size=1)))
        whole = {"student": {"encoder": params}}
    found = jax.jit(task.feature_encoder(FeatureRequest()).encode)(whole, frames)
    np.testing.assert_allclose(found[:, 0], aux["pooled"], atol=1e-5)
    assert isinstance(task, registry.ExtractsFeatures)
