"""PyTorch's VideoChat-T and ours compute the same from the same weights, so that comparisons are fair."""

from types import SimpleNamespace

import jax
import jax_videochat
import numpy as np
import pytest
from workload import MEDIUM, TINY, TINY_SHAPE, make_batch

from timesuite_jax import param_tree
from timesuite_jax.generation import GenerationSpec, generate
from timesuite_jax.models.text.mistral import Mistral
from timesuite_jax.videochat_t.model.videochat_t import VideoChatT
from timesuite_jax.videochat_t.port import table as table

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
torch_videochat = pytest.importorskip("torch_videochat")


@pytest.fixture(scope="module")
def sides() -> SimpleNamespace:
    theirs = torch_videochat.build(TINY)
    state = {name: tensor.numpy() for name, tensor in theirs.upstream_state_dict().items()}
    trainable, frozen = jax_videochat.parameters(state)
    ours = VideoChatT(jax_videochat.spec(TINY))
    return SimpleNamespace(
        theirs=theirs, state=state, ours=ours, trainable=trainable, frozen=frozen, batch=make_batch(TINY, TINY_SHAPE)
    )


def test_the_medium_model_has_the_original_number_of_parameters():
    model = torch_videochat.VideoChatT(MEDIUM)
    trained = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    assert (sum(parameter.numel() for parameter in model.parameters()), trained) == (15_226_624, 6_750_720)


def test_both_train_the_same_parameters(sides: SimpleNamespace):
    count = sum(leaf.size for _, leaf in param_tree.leaves_with_paths(sides.trainable))
    assert count == sum(parameter.numel() for parameter in sides.theirs.parameters() if parameter.requires_grad)


def test_losses_and_gradients_are_equal(sides: SimpleNamespace):
    sides.theirs.zero_grad()
    expected = sides.theirs(torch_videochat.to_torch(sides.batch))
    expected.backward()
    value, grads = jax.jit(jax.value_and_grad(lambda *args: jax_videochat.loss(sides.ours, *args)))(
        sides.trainable, sides.frozen, sides.batch
    )
    assert float(value) == pytest.approx(expected.item(), rel=1e-5)
    # Converted by the port table in both directions, to compare each gradient by its PyTorch name.
    everything = param_tree.merge(grads, sides.frozen)
    everything["mistral_proj"] = {"kernel": np.zeros((32, 32)), "bias": np.zeros(32)}
    shapes = {name: array.shape for name, array in sides.state.items()}
    ours = table.build(table.VideoChatTSizes.from_torch(shapes)).to_torch(everything)
    compared = 0
    for name, (_, parameter) in zip(
        [name for name in sides.theirs.upstream_names() if not name.endswith("position_ids")],
        sides.theirs.named_parameters(),
        strict=True,
    ):
        if parameter.requires_grad:
            want = parameter.grad.numpy()
            np.testing.assert_allclose(ours[name], want, rtol=1e-4, atol=1e-4 * np.abs(want).max() + 1e-6, err_msg=name)
            compared += 1
    assert compared == len([p for p in sides.theirs.parameters() if p.requires_grad])


def test_generated_tokens_are_equal(sides: SimpleNamespace):
    with torch.no_grad():
        embeddings = sides.theirs.input_embeddings(torch_videochat.to_torch(sides.batch))
        expected = sides.theirs.generate(embeddings, TINY_SHAPE.new_tokens).numpy()
    params = param_tree.merge(sides.trainable, sides.frozen)
    ours = jax.jit(lambda batch: sides.ours.apply({"params": params}, batch, method="embed_prompt")[0])(sides.batch)
    np.testing.assert_allclose(ours, embeddings.numpy(), rtol=1e-4, atol=1e-4)
    spec = GenerationSpec(max_new_tokens=TINY_SHAPE.new_tokens, stop_tokens=())
    out = generate(Mistral(sides.ours.spec.mistral), params["mistral"], ours, sides.batch["valid"], spec)
    np.testing.assert_array_equal(out.tokens, expected)
