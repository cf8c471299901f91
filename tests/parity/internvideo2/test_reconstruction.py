"""Students' predictions, and losses and gradients of a training step, equal upstream's."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.support import reconstruction as support
from tests.support.golden_folder import (
    GRADIENT_NORM,
    LOSS,
    assert_gradient_summaries,
    assert_gradients,
    assert_output,
)
from tests.support.internvideo2 import channels_last, encoder_spec
from timesuite_jax import param_tree
from timesuite_jax.configs.internvideo2.reconstruction import NO_DECAY
from timesuite_jax.internvideo2.distill.task import DistillTask
from timesuite_jax.internvideo2.masks import MaskSpec
from timesuite_jax.internvideo2.masks.draw import first_of_order
from timesuite_jax.internvideo2.model import ReconstructionSpec, Student, boxed_params
from timesuite_jax.internvideo2.reconstruction import loss as loss_module
from timesuite_jax.internvideo2.reconstruction.port import ReconstructionSizes, build
from timesuite_jax.internvideo2.stage1.task import PretrainTask
from timesuite_jax.layers import unbox
from timesuite_jax.objectives import unit_vectors
from timesuite_jax.training import optimizer

STUDENTS = {  # name of the outputs -> case, weights, arguments of the student, changed fields
    "plain": ("stage1", "weights", "model_kwargs", {}),
    "fused": ("stage1", "weights", "model_kwargs", {"activation": "gelu_tanh"}),
    "sep": ("stage1", "weights_sep", "model_kwargs", {"positions": "separate"}),
    "plain_nomask": ("stage1", "weights", "model_kwargs", {}),
    "linear": ("distill", "weights", "student_kwargs", {}),
    "linear_fused": ("distill", "weights", "student_kwargs", {"activation": "gelu_tanh"}),
    "mlp_sep": ("distill", "weights_mlp_sep", "student_mlp_sep_kwargs", {}),
}
TERMS = {"layers": "clip_middle", "pooled": "clip_final", "mae_layers": "mae"}  # names of ours -> of upstream's


@pytest.mark.parametrize("name", STUDENTS)
def test_predictions(golden_case, name):
    case, weights, kwargs, changes = STUDENTS[name]
    golden = golden_case(case)
    params = support.params_of(golden, weights)["student"]
    spec, arrays = support.model_of(golden, kwargs, **changes), golden.arrays
    mask = jnp.asarray(~arrays["mask"][:, 1:].astype(bool))
    if name == "plain_nomask":
        mask = jnp.ones_like(mask)
    run = jax.jit(functools.partial(Student(spec).apply, visible=int(mask[0].sum())))
    found = run({"params": params}, channels_last(arrays["video"]), mask)
    samples = arrays[f"{name}.x_clip_align"].shape[1]  # of all-visible clips, the first one is recorded
    assert_output(unit_vectors(found.layers[:, :samples]), arrays[f"{name}.x_clip_align"], "layers")
    assert_output(unit_vectors(found.pooled), arrays[f"{name}.x_align"], "pooled")
    assert (found.mae_layers is not None) == (f"{name}.x_mae_align" in arrays)
    if found.mae_layers is not None:
        assert_output(unit_vectors(found.mae_layers[:, :samples]), arrays[f"{name}.x_mae_align"], "MAE layers")


STEPS = {  # name of the recorded step -> case, task, frames, files of teachers
    "stage1": ("engine", PretrainTask, "video_full", {"teacher": "clip_teacher", "mae_teacher": "mae_teacher"}),
    "distill": ("engine", DistillTask, "video", {"teacher": "teacher"}),
    "distill_tube": ("engine_tube", DistillTask, "video", {"teacher": "teacher"}),
}


@pytest.mark.parametrize("name", STEPS)
def test_losses_and_gradients(golden_case, name, monkeypatch):
    """`task.loss` with upstream's mask: the terms, the total, and the gradient of each, as sums over the clips."""
    engine, cls, frames, teachers = STEPS[name]
    golden = golden_case(name.removesuffix("_tube"))
    params = support.params_of(golden, "weights", **teachers)
    arrays = golden.arrays
    visible = ~arrays[f"{engine}.mask"][:, 1:].astype(bool)
    attention = {}

    def recorded(rng, spec, weights, frames):
        attention["shape"] = weights.shape
        return jnp.asarray(visible)

    monkeypatch.setattr(loss_module, "draw_mask", recorded)
    task = support.task_of(cls, golden, engine)
    assert task.config.visible == visible[0].sum()
    batch = {"frames": support.uint8_frames(arrays[frames]), "valid": np.ones(len(visible), bool)}
    frozen = {name: params[name] for name in teachers}

    def means(student, frozen, batch):
        total, weight, sums = task.loss({"student": student}, frozen, batch, jax.random.key(0))
        losses = {"total": total / weight} | {TERMS[name]: value / count for name, (value, count) in sums.items()}
        return losses, losses

    differentiate = engine == "engine"  # of the other, there are no gradients
    step = jax.jit(jax.jacrev(means, has_aux=True) if differentiate else lambda *args: (None, means(*args)[1]))
    gradients, losses = step(params["student"], frozen, batch)
    assert attention["shape"] == visible.shape
    expected = {
        name.removeprefix(f"{engine}.loss").removeprefix("_") or "total": value
        for name, value in arrays.items()
        if name.startswith(f"{engine}.loss")
    }
    assert set(losses) == set(expected)
    for term, value in expected.items():
        np.testing.assert_allclose(losses[term], value, atol=LOSS, err_msg=term)
    if not differentiate:
        return
    summaries = golden.gradient_summaries
    assert set(summaries) == set(losses)
    found = {term: support.named({"student": jax.tree.map(np.asarray, tree)}) for term, tree in gradients.items()}
    for term, gradient in found.items():
        assert_gradient_summaries(gradient, summaries[term], term)
        if golden.has(f"grads_{term}.safetensors"):
            assert_gradients(gradient, golden.weights(f"grads_{term}"))
    if f"{engine}.grad_norm_total" in arrays:
        norm = np.sqrt(sum(np.sum(np.square(tensor, dtype=np.float64)) for tensor in found["total"].values()))
        np.testing.assert_allclose(norm, arrays[f"{engine}.grad_norm_total"], rtol=GRADIENT_NORM)


@pytest.mark.parametrize("case", ["stage1", "distill"])
def test_masks_of_training_steps(golden_case, case):
    """The first patches in upstream's order are visible, in each frame or in the whole clip."""
    golden, checked = golden_case(case), 0
    for name, order in golden.arrays.items():
        if not name.endswith(".importance"):
            continue
        hidden = golden.arrays[f"{name.removesuffix('importance')}mask"][:, 1:].astype(bool)
        ratio = golden.config[name.removesuffix(".importance")]["mask_ratio"]
        count = MaskSpec(ratio=ratio).visible(1, order.shape[1])
        visible = np.asarray(first_of_order(jnp.asarray(order), count)).reshape(hidden.shape)
        np.testing.assert_array_equal(visible, ~hidden)
        checked += 1
    if not checked:
        pytest.skip("the order is not in the repository")


def test_weight_decay(golden_case):
    """The parameters of a stage-1 student that upstream decays are those that the configs decay."""
    config, sizes = golden_case("optim").config, golden_case("stage1").config
    expected = {key: group for group in config["groups_stage1"] for key in group["names"]}
    depth = max(int(key.split(".")[1]) for key in expected if key.startswith("blocks.")) + 1
    student = encoder_spec({**sizes["model_kwargs"], "depth": depth})
    layers = len({key.split(".")[1] for key in expected if key.startswith("clip_decoder.")})
    mae_layers = len({key.split(".")[1] for key in expected if key.startswith("mae_decoder.")})
    student = dataclasses.replace(student, return_layers=tuple(range(-layers, 0)))
    mae = support.mae_spec(sizes["mae_teacher_kwargs"], return_layers=tuple(range(-mae_layers, 0)))
    spec = ReconstructionSpec(student, student, mae, tuple(range(-mae_layers, 0)))
    boxed = jax.eval_shape(functools.partial(boxed_params, spec), jax.random.key(0))["student"]
    decayed = dict(param_tree.leaves_with_paths(optimizer.decay_mask({"student": boxed}, NO_DECAY)))
    shapes = {"/".join(path): leaf.shape for path, leaf in param_tree.leaves_with_paths(unbox({"student": boxed}))}
    table = build(ReconstructionSizes.from_tree(shapes), "golden")
    assert set(table.entries) == set(expected)
    for key, entry in table.entries.items():
        assert decayed[entry.path] == (expected[key]["weight_decay"] > 0), key
        assert expected[key]["lr_scale"] == 1, key
