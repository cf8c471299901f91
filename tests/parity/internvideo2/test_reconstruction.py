"""Students' predictions, and losses and gradients of a training step, equal upstream's."""

import functools
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.support import reconstruction as support
from tests.support.golden_folder import GRADIENT_NORM, LOSS, SMALLEST_NORM, assert_gradients, assert_output
from tests.support.internvideo2 import channels_last
from timesuite_jax.internvideo2.distill.task import DistillTask
from timesuite_jax.internvideo2.model import Student
from timesuite_jax.internvideo2.reconstruction import loss as loss_module
from timesuite_jax.internvideo2.stage1.task import PretrainTask
from timesuite_jax.objectives import unit_vectors

STUDENTS = {  # name of the outputs -> case, weights, arguments of the student, changed fields
    "plain": ("stage1", "weights", "model_kwargs", {}),
    "fused": ("stage1", "weights", "model_kwargs", {"activation": "gelu_tanh"}),
    "sep": ("stage1", "weights_sep", "model_kwargs", {"positions": "separate"}),
    "plain_nomask": ("stage1", "weights", "model_kwargs", {}),
    "linear": ("distill", "weights", "student_kwargs", {}),
    "linear_fused": ("distill", "weights", "student_kwargs", {"activation": "gelu_tanh"}),
    "mlp_sep": ("distill", "weights_mlp_sep", "student_mlp_sep_kwargs", {}),
}
METRICS = {"layers": "loss_clip_middle", "pooled": "loss_clip_final", "mae_layers": "loss_mae"}


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
    """`task.loss` with upstream's mask: the terms, the total, and its gradient, as sums over the clips."""
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

    def mean(student, frozen, batch):
        total, weight, sums = task.loss({"student": student}, frozen, batch, jax.random.key(0))
        return total / weight, {name: value / count for name, (value, count) in sums.items()}

    differentiate = engine == "engine"  # of the other, there are no gradients
    step = jax.jit(jax.value_and_grad(mean, has_aux=True) if differentiate else lambda *args: (mean(*args), None))
    (total, terms), gradient = step(params["student"], frozen, batch)
    assert attention["shape"] == visible.shape
    expected = {
        ours: arrays[f"{engine}.{theirs}"] for ours, theirs in METRICS.items() if f"{engine}.{theirs}" in arrays
    }
    assert set(terms) == set(expected)
    for term, value in expected.items():
        np.testing.assert_allclose(terms[term], value, atol=LOSS, err_msg=term)
    np.testing.assert_allclose(total, arrays[f"{engine}.loss"], atol=LOSS)
    if differentiate:
        check_gradients(golden, support.named({"student": jax.tree.map(np.asarray, gradient)}))


def check_gradients(golden, found):
    """Compares with all recorded gradients, or with their norms and sums weighted by cosines."""
    if golden.has("grads_total.safetensors"):
        assert_gradients(found, golden.weights("grads_total"))
    summaries = json.loads((golden.folder / "grad_summaries.json").read_text())["total"]
    recorded = {name: pair for name, pair in summaries.items() if pair is not None}
    total = np.sqrt(sum(norm**2 for norm, _ in recorded.values()))
    assert recorded.keys() <= found.keys()
    for name, (norm, weighted) in recorded.items():
        values = found[name].astype(np.float64).ravel()
        tolerance = GRADIENT_NORM * max(norm, SMALLEST_NORM * total)
        assert abs(np.linalg.norm(values) - norm) <= tolerance, name
        # A change of norm e changes the sum by at most e times the norm of the cosines, about the root of half of them.
        cosines = np.cos(np.arange(len(values)))
        assert abs(values @ cosines - weighted) <= tolerance * np.linalg.norm(cosines), name
