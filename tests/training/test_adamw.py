"""Schedule and optimizer: minimum rate, decay groups, learning-rate scales, and equality with AdamW written out."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import linen as nn

from timesuite_jax import training
from timesuite_jax.training import OptimizerSpec, TrainingSpec, optimizer, schedule

# The original's three stages at fractions of an epoch (of 1000 steps): rate times 1e6.
STAGES = {
    "linear_p": ((2e-5, 3, 0.6, 0.25), {0: 5.0, 0.15: 5.0, 0.2: 6.667, 0.6: 20.0, 1.0: 18.66}),
    "linear_pro_ada": ((1.5e-5, 2, 0.05, 0.2), {0: 3.0, 0.1: 14.976, 0.6: 12.243, 1.0: 7.802, 1.5: 3.0}),
    "finetune": ((1e-5, 5, 0.1, 0.1), {0: 1.0, 0.1: 10.0, 1: 9.19, 2: 6.727, 3: 3.577, 5: 1.0}),
}


@pytest.mark.parametrize("stage", STAGES)
def test_rates_of_the_original_stages(stage: str):
    (peak, epochs, warmup, floor), expected = STAGES[stage]
    rate = schedule.clipped_cosine(peak, 1000 * epochs, 1000 * warmup, floor)
    for epoch, value in expected.items():
        assert float(rate(jnp.int32(round(1000 * epoch)))) * 1e6 == pytest.approx(value, abs=6e-3)


def test_a_minimum_ratio_of_one_is_constant():
    rate = schedule.clipped_cosine(0.5, 10, min_ratio=1.0)
    assert [float(rate(jnp.int32(step))) for step in (0, 5, 10)] == [0.5] * 3


def test_decay_counts_the_axes_of_the_unstacked_tensor():
    def box(shape: tuple[int, ...], *names: str | None) -> nn.LogicallyPartitioned:
        return nn.LogicallyPartitioned(jax.ShapeDtypeStruct(shape, jnp.float32), names)

    abstract = {
        "layers": {
            "norm": {"scale": box((3, 8), "layers", "embed")},
            "dense": {"kernel": box((3, 8, 8), "layers", "embed", "mlp"), "bias": box((3, 8), "layers", "mlp")},
            "twice": {"scale": box((2, 3, 8), "layers", "layers", "embed")},
        },
        "tokens": box((1, 4, 8), None, "query", "embed"),
        "plain": {"kernel": jax.ShapeDtypeStruct((8, 8), jnp.float32), "bias": jax.ShapeDtypeStruct((8,), jnp.float32)},
    }
    assert optimizer.decay_mask(abstract, OptimizerSpec().no_decay) == {
        "layers": {
            "norm": {"scale": False},
            "dense": {"kernel": True, "bias": False},
            "twice": {"scale": False},
        },
        "tokens": True,
        "plain": {"kernel": True, "bias": False},
    }


@pytest.mark.parametrize(("clip_norm", "eps_hat"), [(None, False), (0.5, False), (None, True)])
def test_updates_equal_adamw_written_out(clip_norm: float | None, eps_hat: bool):
    eps = 1e-2  # as large as the gradients, so that its position matters
    values = OptimizerSpec(
        learning_rate=0.1, warmup_steps=2.5, min_lr_ratio=0.2, clip_norm=clip_norm, eps=eps, eps_hat=eps_hat
    )
    spec = TrainingSpec(total_steps=8, optimizer=values)
    params = {"kernel": jnp.array([[1.0, -2.0]]), "bias": jnp.array([3.0])}
    build = training.optimizer.build(spec, jax.eval_shape(lambda: params))
    state, mine = build.init(params), params
    theirs = {name: np.asarray(value, np.float64) for name, value in params.items()}
    m = {name: np.zeros_like(value) for name, value in theirs.items()}
    v = {name: np.zeros_like(value) for name, value in theirs.items()}
    for step in range(6):
        grads = {"kernel": np.array([[0.3 * step, -1.0]]), "bias": np.array([0.7])}
        updates, state = build.update(jax.tree.map(lambda g: jnp.asarray(g, jnp.float32), grads), state, mine)
        mine = jax.tree.map(jnp.add, mine, updates)
        norm = np.sqrt(sum(np.sum(g**2) for g in grads.values()))
        scale = 1.0 if clip_norm is None else min(1.0, clip_norm / norm)
        rise, fall = step / 2.5, 0.5 * (1 + np.cos(np.pi * (step - 2.5) / 5.5))
        rate = 0.1 * max(0.2, rise if step < 2.5 else fall)
        for name, value in theirs.items():
            g = grads[name] * scale
            m[name] = 0.9 * m[name] + 0.1 * g
            v[name] = 0.999 * v[name] + 0.001 * g**2
            unbiased = 1 - 0.999 ** (step + 1)
            root = np.sqrt(v[name]) / np.sqrt(unbiased) + (eps / np.sqrt(unbiased) if eps_hat else eps)
            adam = m[name] / (1 - 0.9 ** (step + 1)) / root
            decay = 0.02 if name == "kernel" else 0.0
            theirs[name] = value - rate * (adam + decay * value)
    for name, value in theirs.items():
        np.testing.assert_allclose(mine[name], value, rtol=2e-5)


PARAMS = {
    "embed": {"kernel": jnp.ones((3, 2)), "pos_embed": jnp.ones((4, 2))},
    "blocks": {"kernel": jnp.full((2, 3, 3), 0.5)},  # two stacked layers
}


def first_update(optimizer_: optax.GradientTransformation) -> dict[str, Any]:
    grads = jax.tree.map(lambda x: 0.1 * jnp.arange(1.0, x.size + 1).reshape(x.shape), PARAMS)
    return optimizer_.update(grads, optimizer_.init(PARAMS), PARAMS)[0]


def spec(**values: Any) -> TrainingSpec:
    return TrainingSpec(total_steps=8, optimizer=OptimizerSpec(learning_rate=0.1, min_lr_ratio=1.0, **values))


def test_a_learning_rate_scale_multiplies_the_update_exactly():
    """A number for a parameter, or a value a layer for stacked layers; decay is scaled with the rate."""
    layers = np.array([0.5, 0.25], np.float32)
    scale = {"kernel": 0.5, "pos_embed": 1.0}
    plain = first_update(optimizer.build(spec(), PARAMS))
    scaled = first_update(
        optimizer.build(spec(), PARAMS, lambda path: layers if path[0] == "blocks" else scale[path[-1]])
    )
    np.testing.assert_array_equal(scaled["embed"]["kernel"], 0.5 * plain["embed"]["kernel"])
    np.testing.assert_array_equal(scaled["embed"]["pos_embed"], plain["embed"]["pos_embed"])
    np.testing.assert_array_equal(scaled["blocks"]["kernel"], layers[:, None, None] * plain["blocks"]["kernel"])


def test_a_scale_of_another_number_of_layers_is_an_error():
    with pytest.raises(ValueError, match=r"blocks/kernel.*\(3,\).*\(2, 3, 3\)"):
        optimizer.build(spec(), PARAMS, lambda path: np.ones(3) if path[0] == "blocks" else 1.0)


def test_scales_of_one_leave_the_compiled_step_unchanged():
    def lowered(**scale: Any) -> str:
        adamw = optimizer.build(spec(), PARAMS, **scale)
        return jax.jit(adamw.update).lower(PARAMS, adamw.init(PARAMS), PARAMS).as_text()

    assert lowered(learning_rate_scale=lambda path: 1.0) == lowered()
    assert lowered(learning_rate_scale=lambda path: 0.5) != lowered()


def test_patterns_without_decay():
    plain = first_update(optimizer.build(spec(weight_decay=0.0), PARAMS))
    decayed = first_update(optimizer.build(spec(weight_decay=0.5, no_decay=("*/pos_embed",)), PARAMS))
    np.testing.assert_array_equal(decayed["embed"]["pos_embed"], plain["embed"]["pos_embed"])
    np.testing.assert_allclose(decayed["embed"]["kernel"], plain["embed"]["kernel"] - 0.1 * 0.5, rtol=1e-6)


def test_the_update_of_a_statistic_is_its_gradient():
    """It is neither clipped nor part of the norm by which others are clipped."""
    params = {"kernel": jnp.ones((2, 2)), "mean": jnp.ones(2)}
    gradients = {"kernel": jnp.full((2, 2), 0.3), "mean": jnp.array([40.0, -2.0])}

    def first(**arguments: Any) -> Any:
        build = optimizer.build(spec(clip_norm=0.5), params, **arguments)
        return build.update(gradients, build.init(params), params)[0]

    updates = first(is_statistic=lambda path: path == ("mean",))
    np.testing.assert_array_equal(updates["mean"], gradients["mean"])
    gradients["mean"] = jnp.zeros(2)
    np.testing.assert_array_equal(updates["kernel"], first()["kernel"])


def test_a_cosine_warms_up_from_its_own_start():
    """Peak 2, minimum 0.2, start 0.5; the two ends of the warm-up are exact, and the peak is there twice."""
    rate = schedule.cosine(2.0, 7, warmup_steps=3, min_ratio=0.1, start_ratio=0.25)
    expected = [0.5, 1.25, 2.0, 2.0, 1.1 + 0.9 * np.sqrt(0.5), 1.1, 1.1 - 0.9 * np.sqrt(0.5), 0.2]
    np.testing.assert_allclose([float(rate(step)) for step in range(8)], expected, rtol=1e-6)
