"""The small form of stage 2 learns from mp4s, resumes bitwise, and is the same on 8 devices."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from ml_collections import ConfigDict

from tests.support.paths import CONFIGS
from tests.support.short_training import leaves, train
from tests.support.training_steps import assert_params_close, two_steps
from timesuite_jax import parallel, param_tree, registry
from timesuite_jax.cli._configs import load_config
from timesuite_jax.errors import UserError
from timesuite_jax.parallel import MeshSpec
from timesuite_jax.training import TrainingSpec


def small_config(corpus: Path) -> ConfigDict:
    """`configs/internvideo2/stage2.py:debug` on a corpus, as videos and as images."""
    config = load_config(f"{CONFIGS}/internvideo2/stage2.py:debug")
    config.data.update(corpora=(str(corpus),), image_corpora=(str(corpus),), tokenizer=str(corpus), batch_size=4)
    return config


def test_learning_from_images(caption_corpus, tmp_path):
    config = small_config(caption_corpus)
    config.data.update(corpora=())
    config.loss.update(matching=0.0)
    result = train(config, tmp_path / "run", 20)
    assert set(result.metrics) >= {"contrastive", "words", "words_accuracy"}
    vocabulary = 256
    assert result.metrics["words"] < 0.8 * np.log(vocabulary)  # that of guessing


def test_training_with_sound_is_rejected(caption_corpus):
    """The stream has no sound: the audio encoder would stay as it was initialized, unnoticed."""
    config = small_config(caption_corpus)
    registry.build(config).check_inputs(new=True)
    config.model.variant = "debug_audio"
    with pytest.raises(UserError, match=r"config\.model\.audio: training with sound is not supported"):
        registry.build(config).check_inputs(new=True)


def test_losses_with_sound_need_its_encoder_and_classifier(caption_corpus):
    config = small_config(caption_corpus)
    with config.unlocked():
        config.loss.audio = ConfigDict({"alone": {"matching": 2.0}})
        with pytest.raises(UserError, match=r"loss\.audio is set, model\.audio is not"):
            registry.build(config)
        config.model.variant = "debug_audio"
        registry.build(config)
        config.model.audio = ConfigDict({"encoder": {"width": 32}, "matches_alone": False})
        with pytest.raises(UserError, match=r"set model\.audio\.matches_alone=True"):
            registry.build(config)


@pytest.mark.nightly
def test_learning_and_resuming(caption_corpus, tmp_path):
    first = train(small_config(caption_corpus), tmp_path / "stopped", 5)
    last = train(small_config(caption_corpus), tmp_path / "stopped", 24)
    assert {"contrastive", "matching", "matching_accuracy", "words", "words_accuracy"} <= set(last.metrics)
    assert last.metrics["words"] < 0.8 * first.metrics["words"]
    again = train(small_config(caption_corpus), tmp_path / "whole", 24)
    for path, leaf in leaves(again.state.params).items():
        np.testing.assert_array_equal(leaf, leaves(last.state.params)[path], err_msg="/".join(path))


def batch(seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(3, 9, 8)
    mask = np.arange(8)[None] < lengths[:, None]
    return {
        "frames": rng.integers(0, 256, (8, 4, 28, 28, 3), np.uint8),
        "text": np.where(mask, rng.integers(5, 20, (8, 8)), 0).astype(np.int32),
        "text_mask": mask,
        "content": np.stack([rng.integers(0, 5, 8), np.zeros(8)], axis=1).astype(np.int32),
        "valid": np.arange(8) != 3,
        "sample": np.arange(8, dtype=np.int32),
    }


def with_teacher(config: ConfigDict) -> ConfigDict:
    """All terms of the loss, with masks by a teacher's attention, and negatives of groups."""
    with config.unlocked():
        config.model.decoders = ConfigDict({"width": 32, "pooled_width": 24})
        config.model.vision.return_layers = (-2, -1)
        config.model.teacher = ConfigDict({"variant": "debug", "num_frames": 1, "return_layers": (-2, -1)})
        config.mask.video = ConfigDict({"kind": "attention", "scope": "frame", "ratio": 0.5})
        config.loss.update(layers=1.0, pooled=0.5, negative_rows=4)
    return config


def test_eight_devices_have_the_loss_of_one(caption_corpus):
    """With negatives of groups; invalid rows, whatever is in them, have no weight."""
    config = small_config(caption_corpus)
    config.loss.negative_rows = 4
    task = registry.build(config)
    params = task.init(jax.random.key(0))
    total, weight, _ = jax.jit(task.loss)(params, {}, jax.tree.map(jnp.asarray, batch(0)), jax.random.key(1))
    assert float(weight) == 7
    empty = batch(0)
    for name in ("frames", "text", "text_mask", "content"):
        empty[name][~empty["valid"]] = 0
    mesh = parallel.make_mesh(MeshSpec(data=2, fsdp=4))
    rules = parallel.make_rules({}, mesh)
    with parallel.mesh_context(mesh, rules):
        sharded = parallel.put_batch(empty, parallel.batch_sharding(mesh, rules))
        found = jax.jit(task.loss)(params, {}, sharded, jax.random.key(1))
    np.testing.assert_allclose(found[0], total, rtol=1e-5)


@pytest.mark.nightly
def test_eight_devices_train_as_one(caption_corpus):
    config = with_teacher(small_config(caption_corpus))
    config.training.optimizer.update(warmup_steps=0.0)
    task, spec = registry.build(config), TrainingSpec.from_config(config.training)
    alone = two_steps(task, spec, parallel.make_mesh(MeshSpec(), jax.devices()[:1]), batch)
    together = two_steps(task, spec, parallel.make_mesh(MeshSpec(data=2, fsdp=4)), batch)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-5), together[1], alone[1])
    assert_params_close(together[0], alone[0], atol=1e-5)


def test_decoders_are_frozen_without_a_teacher(caption_corpus):
    config = small_config(caption_corpus)
    with config.unlocked():
        config.model.vision.return_layers = (-1,)
    task = registry.build(config)
    _, frozen = param_tree.split(task.abstract_params(), task.trainable)
    assert set(frozen["vision"]) == {"clip_positions", "decoders", "pooled_decoder"}
    assert set(frozen) == {"vision"}


def test_unmasked_step_trains_no_part_of_the_video_encoder():
    task = registry.build(load_config(f"{CONFIGS}/internvideo2/stage2.py:unmasked"))
    _, frozen = param_tree.split(task.abstract_params(), task.trainable)
    assert set(frozen) == {"vision"}
    assert task.config.mask_of(4).ratio == task.config.mask_of(1).ratio == 0


@pytest.mark.parametrize(("variant", "tokens", "width"), [("", 32, 512), (":6b", 40, 768)])
def test_sizes_of_upstream(variant, tokens, width):
    config = registry.build(load_config(f"{CONFIGS}/internvideo2/stage2.py{variant}")).config
    assert (config.data.max_tokens, config.model.embed_width, config.model.vision.num_frames) == (tokens, width, 4)
    assert config.mask_of(4).visible(4, 256) == 205
    assert config.mask_of(1).visible(1, 256) == 128
    assert (config.model.text_encoder.layers, config.model.fusion.layers) == (19, 5)
    assert config.model.memory_width == (768 if variant else 0)
