"""Every mesh gives the loss and the gradient of one device: MQSA-TED, and by night VideoChat-T in all variants."""

import functools
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.support import tiny_config
from tests.support.paths import CONFIGS
from timesuite_jax import parallel, param_tree
from timesuite_jax.cli._configs import load_config
from timesuite_jax.parallel import DEFAULT_RULES, MeshSpec
from timesuite_jax.registry import build
from timesuite_jax.training import Task
from timesuite_jax.training.randomness import root
from timesuite_jax.videochat_t.config import UPSTREAM_TRAINED

# All ways to write 8 as a product of four axes. The tiny VideoChat-T has two heads, and its TAPE is 4 wide.
SHAPES = [MeshSpec(*sizes) for sizes in itertools.product((1, 2, 4, 8), repeat=4) if np.prod(sizes) == 8]
SMALL = [spec for spec in SHAPES if spec.fsdp <= 4 and spec.tensor <= 2]
HANDFUL = [MeshSpec(1, 2, 4, 1), MeshSpec(2, 1, 2, 2)]
UNREAD = [("odd", "text_mlp"), ("odd", "text_norm")]
RECOMMENDER = CONFIGS / "mqsa_ted/beauty.py"


def videochat_t(corpus: Path, *, tape: bool, tower: bool) -> Task:
    """In the released variant, or without TAPE in the linear one; the vision tower trained or not."""
    config = tiny_config.get_config(str(corpus))
    config.model.update(tape=tape, train_vision=tower)
    config.model.mistral.update(kv_heads=2)
    config.trained = (*UPSTREAM_TRAINED, *(["vision_*"] if tower else []))
    return build(config)


def recommender(_: Path) -> Task:
    """MQSA-TED on random interactions."""
    config = load_config(f"{RECOMMENDER}:debug").to_dict()
    config["data"] |= {"path": None, "synthetic": {"num_users": 64, "num_items": 32}}
    config["loss"]["l2"] = 0.0  # of each parameter by itself: it would hide that a key's bias has no gradient
    return build(config)


VARIANTS: dict[str, Callable[[Path], Task]] = {
    "linear, tower frozen": functools.partial(videochat_t, tape=False, tower=False),
    "pro_ada, tower frozen": functools.partial(videochat_t, tape=True, tower=False),
    "linear, tower trained": functools.partial(videochat_t, tape=False, tower=True),
    "pro_ada, tower trained": functools.partial(videochat_t, tape=True, tower=True),
    "recommender": recommender,
}


@functools.cache
def gradient(corpus: Path, variant: str, spec: MeshSpec | None) -> Any:
    """Loss, weight and gradient of one batch of parameters that must have been born where they belong."""
    task = VARIANTS[variant](corpus)
    mesh = parallel.make_mesh(spec or MeshSpec(), None if spec else jax.devices()[:1])
    stream = task.train_data(seed=0, process_index=0, process_count=1)
    batch = next(stream)
    stream.close()
    targets = parallel.abstract_arrays(task.abstract_params(), mesh, DEFAULT_RULES)
    where = jax.tree.map(lambda target: target.sharding, targets)

    def init(rng: jax.Array) -> Any:
        # Adapters, TAPE and biases are born zero, and nothing before them has a gradient then.
        leaves, structure = jax.tree.flatten(task.init(rng))
        noise = (jax.random.normal(jax.random.fold_in(rng, i), leaf.shape) for i, leaf in enumerate(leaves))
        return structure.unflatten(jnp.where(leaf == 0, 0.1 * x, leaf) for leaf, x in zip(leaves, noise, strict=True))

    def loss(trainable: Any, frozen: Any, batch: Any) -> Any:
        total, weight, _ = task.loss(trainable, frozen, batch, root(0, "train"))
        return total, weight

    with parallel.mesh_context(mesh, DEFAULT_RULES):
        params = jax.jit(init, out_shardings=where)(root(0, "init"))
        jax.tree.map(lambda param, target: _same_place(param, target), params, targets)
        trainable, frozen = param_tree.split(params, task.trainable)
        rows = parallel.put_batch(batch, parallel.batch_sharding(mesh, DEFAULT_RULES))
        return jax.device_get(jax.jit(jax.value_and_grad(loss, has_aux=True))(trainable, frozen, rows))


def _same_place(param: jax.Array, target: Any) -> None:
    assert param.sharding.is_equivalent_to(target.sharding, param.ndim)


def name(spec: MeshSpec) -> str:
    return "x".join(str(getattr(spec, axis)) for axis in parallel.MESH_AXES)


def compare(corpus: Path, variant: str, spec: MeshSpec) -> None:
    (loss, weight), grads = gradient(corpus, variant, spec)
    (expected_loss, expected_weight), expected = gradient(corpus, variant, None)
    np.testing.assert_allclose(loss, expected_loss, rtol=1e-5)
    assert weight == expected_weight
    wanted, found = (dict(param_tree.leaves_with_paths(leaves)) for leaves in (expected, grads))
    assert wanted.keys() == found.keys()
    sizes = {path: np.max(np.abs(leaf)) for path, leaf in wanted.items()}
    # A parameter without gradient shows nothing: the text output of the Q-Former's last layer is not used.
    assert [path for path in sizes if not sizes[path] and path[2:4] not in UNREAD] == []
    for path, leaf in wanted.items():
        # Relative to the tensor, since an element may be the small difference of large ones.
        error = np.max(np.abs(found[path] - leaf))
        if moves_nothing(path):
            assert max(sizes[path], error) <= 1e-7 * max(sizes.values()), "/".join(path)
        else:
            assert error <= 1e-5 * sizes[path], "/".join(path)


def moves_nothing(path: param_tree.ParamPath) -> bool:
    """Whether a parameter's gradient is zero but for rounding.

    A key's bias b adds q b to the scores of query q for all keys alike, and a softmax is blind to that.
    """
    return path[-2:] == ("key", "bias")


@pytest.mark.parametrize("spec", HANDFUL, ids=name)
def test_a_handful_of_meshes(tiny_corpus: Path, spec: MeshSpec):
    """Of the recommender: the gradient of VideoChat-T compiles for more than a minute."""
    compare(tiny_corpus, "recommender", spec)


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("spec", "variant"),
    [(spec, variant) for variant in VARIANTS for spec in (SHAPES if variant == "recommender" else SMALL)],
    ids=lambda value: value if isinstance(value, str) else name(value),
)
def test_every_mesh(tiny_corpus: Path, spec: MeshSpec, variant: str):
    compare(tiny_corpus, variant, spec)
