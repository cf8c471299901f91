"""Training equals upstream's: losses, parameters, optimizer state and selected epoch."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import optax
import pytest

from tests.support.golden_case import GoldenCase
from timesuite_jax import training
from timesuite_jax.training import OptimizerSpec, TrainingSpec

# Adam normalises gradients of any size, which amplifies the rounding error of small ones.
PARAMS_ATOL = 6e-5
LOSS_ATOL = 1e-5  # 4e-6 before the first step
DISTILLATION_RTOL = 1e-6  # this loss is about 30
EPOCH_RTOL = 1e-5  # for mean losses, after dozens of steps


def optimizer_of(case: GoldenCase, params: dict[str, Any]) -> tuple[Any, Callable[..., Any]]:
    """Returns the optimizer state and `(grads, state, params) -> (params, state)`, built as in a run."""
    values = OptimizerSpec(
        learning_rate=case.meta["lr"], min_lr_ratio=1.0, eps_hat=True, weight_decay=0.0, clip_norm=None
    )
    built = training.optimizer.build(TrainingSpec(total_steps=1, optimizer=values), jax.eval_shape(lambda: params))

    @jax.jit
    def step(grads: Any, state: Any, params: Any) -> tuple[Any, Any]:
        updates, state = built.update(grads, state, params)
        return optax.apply_updates(params, updates), state

    return built.init(params), step


def test_five_steps(case: GoldenCase):
    params = case.params()
    state, step = optimizer_of(case, params)
    batches, expected = case.meta["batches_for_adam_steps"], case.meta["adam_step_losses_total_rec_kd"]
    stream = case.stream()
    for users, (total, rec, kd) in zip(batches, expected, strict=True):
        losses = case.train(params, stream.batch(np.asarray(users)))
        np.testing.assert_allclose([losses.total, losses.rec], [total, rec], rtol=0, atol=LOSS_ATOL)
        np.testing.assert_allclose(losses.kd, kd, rtol=DISTILLATION_RTOL)
        params, state = step(losses.grad, state, params)
    actual = case.leaves(params)
    for name, target in case.named("var_after5").items():
        np.testing.assert_allclose(actual.pop(name), target, rtol=0, atol=PARAMS_ATOL, err_msg=name)
    assert not actual, "the goldens lack variables"

    if case.has_parts:
        slots = case.named("adam_after5")
        adam = next(part for part in state if isinstance(part, optax.ScaleByAdamState))
        assert adam.count == len(batches)
        for moment, slot in ((adam.mu, "Adam"), (adam.nu, "Adam_1")):
            for name, ours in case.leaves(moment).items():
                target = slots[f"{name}/{slot}"]
                np.testing.assert_allclose(ours, target, rtol=0, atol=2e-4 * np.abs(target).max(), err_msg=name)
        powers = {name.rpartition("/")[2]: value for name, value in slots.items()}
        for decay, name in ((OptimizerSpec.b1, "beta1_power"), (OptimizerSpec.b2, "beta2_power")):
            # Upstream's powers start at 1.
            np.testing.assert_allclose(powers[name], decay ** (len(batches) + 1), rtol=1e-6)


def test_epochs_and_selected_epoch(case_with_epochs: GoldenCase):
    case, expected = case_with_epochs, case_with_epochs.meta["pipeline_6_epochs"]
    columns = expected["columns"][1:]
    params = case.params()
    state, step = optimizer_of(case, params)
    stream = case.stream()
    rows: dict[str, list[dict[str, float]]] = {"validate": [], "test": []}
    for target in expected["train_loss_mean_total_rec_kd"]:
        losses = []
        for _ in range(-(-case.data.num_users // case.meta["batch_size"])):
            now = case.train(params, next(stream))
            losses.append((now.total, now.rec, now.kd))
            params, state = step(now.grad, state, params)
        # As upstream, all batches have equal weight, including the smaller last one.
        np.testing.assert_allclose(np.mean(losses, axis=0), target, rtol=EPOCH_RTOL)
        for split, rows_of_split in rows.items():
            rows_of_split.append(case.ranking(params, split)[0].summary())
    for split, rows_of_split in rows.items():
        for ours, target in zip(rows_of_split, expected[split], strict=True):
            named = {column.lower().replace("@", "_"): value for column, value in zip(columns, target[1:], strict=True)}
            assert {name: ours[name] for name in named} == pytest.approx(named, abs=1e-9), (split, target[0])
    # The first epoch with the highest validation NDCG@20.
    selected = int(np.argmax([row["ndcg_20"] for row in rows["validate"]]))
    assert selected + 1 == expected["selected_epoch"]
    assert expected["test"][selected] == expected["reported_test_row"]
    for name, target in case.named("var_after6epochs").items():
        np.testing.assert_allclose(case.leaves(params)[name], target, rtol=0, atol=5 * PARAMS_ATOL, err_msg=name)
