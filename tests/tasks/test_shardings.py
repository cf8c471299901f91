"""Every mesh gives the loss and the gradient of one device: VideoChat-T in both variants, its tower frozen and not."""

import functools
import itertools
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
import tiny_config

from timesuite_jax import parallel, tasks, tree
from timesuite_jax.parallel import DEFAULT_RULES, MeshSpec
from timesuite_jax.training.randomness import root

# All ways to write 8 as a product of the four axes that the tiny model bears: it has two heads, and TAPE is 4 wide.
SHAPES = [
    MeshSpec(*sizes)
    for sizes in itertools.product((1, 2, 4, 8), repeat=4)
    if np.prod(sizes) == 8 and sizes[2] <= 4 and sizes[3] <= 2
]
HANDFUL = [MeshSpec(1, 2, 4, 1), MeshSpec(2, 1, 2, 2)]
VARIANTS = {  # tape is what tells the released variant from the linear one
    "linear, tower frozen": ({"tape": False}, ()),
    "pro_ada, tower frozen": ({"tape": True}, ()),
    "linear, tower trained": ({"tape": False}, ("vision/*",)),
    "pro_ada, tower trained": ({"tape": True}, ("vision/*",)),
}


@functools.cache
def gradient(corpus: Path, variant: str, spec: MeshSpec | None) -> Any:
    """Loss, weight and gradient of one batch of fresh parameters, which must have been born where they belong."""
    config = tiny_config.get_config(str(corpus))
    changes, more = VARIANTS[variant]
    config.model.update(changes)
    config.model.mistral.update(kv_heads=2)
    task = tasks.build(config)
    mesh = parallel.make_mesh(spec or MeshSpec(), None if spec else jax.devices()[:1])
    stream = task.train_data(seed=0, process_index=0, process_count=1)
    batch = next(stream)
    stream.close()
    targets = parallel.abstract_arrays(task.abstract_params(), mesh, DEFAULT_RULES)
    where = jax.tree.map(lambda target: target.sharding, targets)

    def trained(path: tree.Path) -> bool:
        return task.trainable(path) or any(path[0] == pattern.split("/")[0] for pattern in more)

    def loss(trainable: Any, frozen: Any, batch: Any) -> Any:
        total, weight, _ = task.loss(trainable, frozen, batch, root(0, "train"))
        return total, weight

    with parallel.placed(mesh, DEFAULT_RULES):
        params = jax.jit(task.init, out_shardings=where)(root(0, "init"))
        jax.tree.map(lambda param, target: _same_place(param, target), params, targets)
        trainable, frozen = tree.split(params, trained)
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
    largest = max(np.max(np.abs(leaf)) for _, leaf in tree.leaves_with_paths(expected))
    for path, leaf in tree.leaves_with_paths(expected):
        actual = dict(tree.leaves_with_paths(grads))[path]
        # Relative to the tensor, since an element may be the small difference of large ones; and where the whole tensor
        # is (a key's bias moves all scores of a query alike: nothing but rounding is left), to a share of the largest.
        assert np.max(np.abs(actual - leaf)) <= 1e-5 * max(np.max(np.abs(leaf)), 1e-2 * largest), "/".join(path)


@pytest.mark.parametrize("spec", HANDFUL, ids=name)
def test_a_handful_of_meshes(tiny_corpus: Path, spec: MeshSpec):
    compare(tiny_corpus, "pro_ada, tower trained", spec)


@pytest.mark.nightly
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("spec", SHAPES, ids=name)
def test_every_mesh(tiny_corpus: Path, spec: MeshSpec, variant: str):
    compare(tiny_corpus, variant, spec)
