"""Groups of layer decay, schedules and five steps of AdamW equal upstream's, by the names of its parameters."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from tests.support.golden_folder import LOSS
from tests.support.internvideo2 import channels_last, encoder_spec
from tests.support.internvideo2_action import Classifier
from timesuite_jax import param_tree
from timesuite_jax.configs.internvideo2.action import NO_DECAY
from timesuite_jax.internvideo2.action.layer_decay import layer_decay_scale
from timesuite_jax.internvideo2.action.loss import action_loss
from timesuite_jax.internvideo2.action.mixing import MixingSpec
from timesuite_jax.internvideo2.action.model import ActionModel
from timesuite_jax.internvideo2.action.port import PORT
from timesuite_jax.internvideo2.action.spec import ActionSpec
from timesuite_jax.training import OptimizerSpec, TrainingSpec, optimizer, schedule

# Attention does not depend on these: their gradients are rounding errors, and Adam makes whole steps of them.
WITHOUT_GRADIENT = ("clip_projector.cross_attn.k_bias", "clip_projector.norm1_k.bias")
FIRST, LAST = 2e-6, 1e-5  # tolerances of the weights after the first and the fifth step
VARIANTS = {
    "": {},
    "_sep_pos_embed": {"positions": "separate"},
    "_ap": {"extra_mlp": True},
    "_cat": {"merge": "cls_avgN", "merge_norm": "LN"},
}


def test_groups_of_layer_decay(golden_case):
    config = golden_case("optim").config
    names = [name for name in config if name.startswith("groups_") and name != "groups_stage1"]  # of another task
    assert len(names) > 1
    for name in names:
        fields = dict(VARIANTS[re.sub("^groups_(layer_decay|plain)", "", name)])
        vision = encoder_spec(config["model_kwargs"], positions=fields.pop("positions", "joint"))
        model = ActionModel(ActionSpec(vision=vision, num_classes=11, **fields))
        frames = jax.ShapeDtypeStruct((1, vision.num_frames, vision.image_size, vision.image_size, 3), jnp.float32)
        boxed = jax.eval_shape(model.init, jax.random.key(0), frames)["params"]
        decayed = dict(param_tree.leaves_with_paths(optimizer.decay_mask(boxed, NO_DECAY)))
        shapes = jax.tree.map(lambda leaf: leaf.value, boxed, is_leaf=lambda leaf: hasattr(leaf, "value"))
        table = PORT.table_for_tree({"/".join(path): leaf.shape for path, leaf in param_tree.leaves_with_paths(shapes)})
        decay = config["layer_decay"] if "layer_decay" in name else 1.0
        expected = {key: group for group in config[name] for key in group["names"]}
        assert set(expected) == set(table.entries)
        for key, entry in table.entries.items():
            scale = np.asarray(layer_decay_scale(entry.path, decay, vision.depth))
            scale = scale[entry.layer] if scale.ndim else scale
            assert float(scale) == pytest.approx(expected[key]["lr_scale"], rel=1e-6), (name, key)
            assert decayed[entry.path] == (expected[key]["weight_decay"] > 0), (name, key)


# Upstream's arguments, which its numbers name in words: peak, steps, warm-up, minimum, start.
SCHEDULES = {
    "warmup_epochs2": (1.5e-3, 60, 20, 1e-5, 1e-6),
    "no_warmup_wd": (0.05, 36, 0, 0.2, 0.0),
    "warmup_steps7": (1.0, 33, 7, 0.1, 0.0),
    "fractional_epochs": (1.0, 35, 4, 0.0, 0.0),
}


def test_schedules(golden_case):
    arrays = golden_case("optim").arrays
    recorded = {name.partition(".")[2] for name in arrays if name.startswith("cosine_scheduler.")}
    assert recorded == set(SCHEDULES)
    for name, (peak, steps, warmup, minimum, start) in SCHEDULES.items():
        values = OptimizerSpec(
            learning_rate=peak, schedule="cosine", warmup_steps=warmup, min_lr_ratio=minimum / peak,
            warmup_start_ratio=start / peak,
        )  # fmt: skip
        rate = schedule.build(TrainingSpec(total_steps=steps, optimizer=values))
        found = jax.vmap(rate)(jnp.arange(steps))
        np.testing.assert_allclose(found, arrays[f"cosine_scheduler.{name}"], rtol=1e-5, atol=1e-6 * peak)


def test_five_steps(golden_case):
    """Layer decay, clipping, and a weight decay that changes with every step: the update is linear in it."""
    golden, arrays = golden_case("optim"), golden_case("optim").arrays
    one = Classifier.read(golden, "weights", golden.config["model_kwargs"])
    depth, decay = one.model.spec.vision.depth, golden.config["layer_decay"]
    rates, labels = arrays["adamw.lr"], jnp.asarray(arrays["adamw.labels"], jnp.int32)
    video, valid = channels_last(golden_case("finetune").arrays["video"]), jnp.ones(len(labels), bool)
    spec = ActionModel(one.model.spec)
    boxed = jax.eval_shape(spec.init, jax.random.key(0), video)["params"]

    def adamw(weight_decay: float) -> optax.GradientTransformation:
        values = OptimizerSpec(
            learning_rate=2e-3, schedule="cosine", warmup_steps=2, warmup_start_ratio=rates[0] / 2e-3,
            min_lr_ratio=5e-3, weight_decay=weight_decay, no_decay=NO_DECAY, clip_norm=1.0,
        )  # fmt: skip
        built = TrainingSpec(total_steps=5, optimizer=values)
        np.testing.assert_allclose(jax.vmap(schedule.build(built))(jnp.arange(5)), rates, rtol=1e-5)
        return optimizer.build(built, boxed, lambda path: layer_decay_scale(path, decay, depth))

    none, all_ = adamw(0.0), adamw(1.0)

    @jax.jit
    def step(params, state, weight_decay):
        def mean_loss(params):
            mixing = MixingSpec(probability=0.0)
            total, weight, _ = action_loss(one.model, mixing, 0.0, params, video, labels, valid, jax.random.key(0))
            return total / weight

        loss, gradients = jax.value_and_grad(mean_loss)(params)
        without, new = none.update(gradients, state, params)
        decayed, _ = all_.update(gradients, state, params)
        updates = jax.tree.map(lambda a, b: a + weight_decay * (b - a), without, decayed)
        return optax.apply_updates(params, updates), new, loss, optax.tree.norm(gradients)

    params, state = one.params, none.init(one.params)
    for number in range(len(arrays["adamw.lr"])):
        weight_decay = jnp.float32(arrays["adamw.wd"][number])
        params, state, loss, norm = step(params, state, weight_decay)
        # To first order, weights that are off by their tolerance change the loss by its gradient times that.
        off = LOSS + (float(norm) * (FIRST if number == 1 else LAST) if number else 0.0)
        np.testing.assert_allclose(loss, arrays["adamw.losses"][number], rtol=0, atol=off)
        np.testing.assert_allclose(norm, arrays["adamw.grad_norms_before_clip"][number], rtol=1e-4)
        name = f"weights_after_{number + 1}_step{'s' if number else ''}"
        if golden.has(f"{name}.safetensors"):
            mine = one.table.to_torch(jax.device_get(params))
            for key, expected in golden.weights(name).items():
                if key not in WITHOUT_GRADIENT:
                    tolerance = LAST if number else FIRST
                    np.testing.assert_allclose(mine[key], expected, rtol=0, atol=tolerance, err_msg=f"{name} {key}")
    *_, loss, norm = step(params, state, jnp.float32(0))
    np.testing.assert_allclose(loss, arrays["adamw.losses"][-1], rtol=0, atol=LOSS + float(norm) * LAST)
