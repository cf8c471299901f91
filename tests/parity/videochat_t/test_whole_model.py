"""Losses, logits and gradients of the whole model equal upstream's, for all cases and variants."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from safetensors.numpy import load_file

from tests.support.golden_model import IGNORED, GoldenModel
from tests.support.tolerances import assert_close
from tests.support.whole_model import batch_of, mean_loss, params_of, run, task_of
from timesuite_jax import param_tree
from timesuite_jax.videochat_t.model.token_shuffle import mean_pooling_kernel


def case_arrays(golden: GoldenModel, case: str) -> dict[str, np.ndarray]:
    arrays = golden.arrays("forward.npz").items()
    return {name.removeprefix(f"{case}."): array for name, array in arrays if name.startswith(f"{case}.")}


def test_cases_are_complete(golden: GoldenModel):
    stored = {name.removesuffix(".loss") for name in golden.arrays("forward.npz") if name.endswith(".loss")}
    assert golden.declared_cases() <= stored, f"{golden.folder}/forward.npz has missing cases"


def test_batch_has_the_labels(golden: GoldenModel, case: str):
    stored, batch = case_arrays(golden, case), golden.batch(case)
    length = stored["labels"].shape[1]
    np.testing.assert_array_equal(batch["valid"][:, :length], stored["attention_mask"].astype(bool))
    labels = np.where(batch["loss_mask"], batch["tokens"], IGNORED)
    np.testing.assert_array_equal(labels[:, :length], stored["labels"])
    assert not batch["valid"][:, length:].any() and not batch["loss_mask"][:, length:].any()


def test_losses_and_logits(golden: GoldenModel, case: str):
    stored = case_arrays(golden, case)
    loss, embeds, _, logits = run(golden, case)
    real = stored["attention_mask"].astype(bool)
    embeds, logits = (array[:, : real.shape[1]] for array in (embeds, logits))
    rows, columns = stored["logits_pos"].T
    assert_close(loss, stored["loss"], "loss")
    assert_close(logits[rows, columns], stored["logits"], "logits")
    logsumexp = np.asarray(jax.nn.logsumexp(logits, axis=-1))
    assert_close(logsumexp[real], stored["logsumexp"][real], "logsumexp")
    np.testing.assert_array_equal(logits.argmax(-1)[real], stored["argmax"][real])
    rows, columns = np.nonzero(stored["labels"][:, 1:] != IGNORED)
    nll = logsumexp[rows, columns] - logits[rows, columns, stored["labels"][rows, columns + 1]]
    assert_close(nll, stored["nll_shifted"][rows, columns], "logits", "nll_shifted")
    if "logits_full_b0" in stored:
        assert_close(logits[0][real[0]], stored["logits_full_b0"], "logits", "logits_full_b0")
    if "inputs_embeds" in stored:
        assert_close(embeds[real], stored["inputs_embeds"][real], "encode")


def test_gradients(golden: GoldenModel):
    declared = golden.json("train.json")["grads"]
    zero, noise = set(declared["exactly_zero"]), set(declared["theoretically_zero_noise"])
    files = sorted(golden.folder.glob("grads*.safetensors"))
    assert files, f"{golden.folder} has no grads*.safetensors"
    trained = {golden.table.entries[name].path for name in declared["trainable"]}
    for file in files:
        case = "main" + file.stem.removeprefix("grads")
        task, batch = task_of(golden, case), batch_of(golden, case)
        trainable, frozen = param_tree.split(params_of(golden, task.config.model), task.trainable)
        assert {path for path, _ in param_tree.leaves_with_paths(trainable)} == trained
        value_and_grad = jax.value_and_grad(functools.partial(mean_loss, task))
        value, grads = jax.jit(value_and_grad)(trainable, frozen, batch)
        assert_close(value, golden.arrays("forward.npz")[f"{case}.loss"], "loss")
        leaves = dict(param_tree.leaves_with_paths(grads))
        for name, expected in load_file(file).items():
            actual = golden.table.torch_tensor(name, leaves)
            if name in noise:  # the exact gradient is zero: softmax is invariant to a shift of all scores
                assert np.abs(actual).max() <= 1e-7, name
            elif name in zero:
                np.testing.assert_array_equal(actual, 0.0, err_msg=name)
            else:
                assert_close(actual, expected, "gradient", name)


def float16_base_weights(golden: GoldenModel) -> dict[str, np.ndarray]:
    """Returns the language model's base weights rounded to float16, as upstream's constructor loads them.

    The goldens' losses of a new model were computed right after construction, those of all other cases after loading
    the complete state dict.
    """
    table = golden.table.entries
    base = (name for name in table if table[name].path[0] == "mistral" and not table[name].trainable)
    return {name: golden.tensors[name].astype(np.float16).astype(np.float32) for name in base}


def test_initialisation(golden: GoldenModel):
    """Upstream's `good_init` makes the encoder equal VideoChat2's projection of mean-pooled tokens."""
    stored = golden.arrays("init_goodinit.npz")
    start = load_file(golden.folder / "init_goodinit.safetensors")
    merged = mean_pooling_kernel(jnp.asarray(start["mistral_proj.weight"].T), golden.spec.merge_len)
    np.testing.assert_array_equal(merged, start["merge_proj.weight"].T)
    losses = sorted(name for name in stored if name.startswith("loss"))
    assert losses, "init_goodinit.npz has no loss"
    for name in losses:
        loss, _, visual, _ = run(golden, "main" + name.removeprefix("loss"), **float16_base_weights(golden), **start)
        assert_close(loss, stored[name], "loss", name)
        assert_close(visual, stored["encode_long_video"], "encode")
        assert_close(visual, stored["mean_pool_of_mistral_proj"], "encode")
