"""The recommender: the same recommendations on a mesh as on one device, from float32 scores."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from tests.support import ring_interactions
from timesuite_jax import parallel
from timesuite_jax.data.interactions import Interactions
from timesuite_jax.errors import UserError
from timesuite_jax.mqsa_ted import recommender
from timesuite_jax.mqsa_ted.model import Mqsa, MqsaSpec
from timesuite_jax.mqsa_ted.recommender import Recommender
from timesuite_jax.parallel import MeshSpec

MODEL = Mqsa(MqsaSpec(items=ring_interactions.ITEMS, width=8, max_len=6))


@pytest.fixture(scope="module")
def params():
    fresh = nn.meta.unbox(jax.jit(MODEL.init)(jax.random.key(0), jnp.zeros((1, 1), jnp.int32))["params"])
    return jax.tree.map(lambda leaf: 20 * np.asarray(leaf), fresh)


@pytest.mark.parametrize(("sizes", "devices"), [({"data": 2, "tensor": 4}, 8), ({"data": 3, "tensor": 2}, 6)])
def test_a_mesh_recommends_the_same(params, sizes, devices):
    recommender = Recommender(MODEL, params, ring_interactions.ring())
    histories = [[f"item {n}" for n in range(first, first + 3)] for first in range(4)]
    expected = recommender(histories, top=5)
    with parallel.mesh_context(parallel.make_mesh(MeshSpec(**sizes), jax.devices()[:devices]), parallel.DEFAULT_RULES):
        found = recommender(histories, top=5)
    for here, there in zip(found, expected, strict=True):
        assert [each.item for each in here.items] == [each.item for each in there.items]
        np.testing.assert_allclose([e.score for e in here.items], [e.score for e in there.items], rtol=1e-5)


def unnamed() -> Interactions:
    return dataclasses.replace(ring_interactions.ring(), item_names=None)


@pytest.mark.parametrize("history", [["3", "4"], [3, 4], np.array([3, 4]), [3.0, "4.0"]])
def test_items_without_names_are_numbers_or_text(params, history):
    (expected,) = Recommender(MODEL, params, ring_interactions.ring())([["item 3", "item 4"]], top=4)
    (found,) = Recommender(MODEL, params, unnamed())([history], top=4)
    assert [f"item {each.item}" for each in found.items] == [each.item for each in expected.items]


def test_names_that_are_numbers_may_be_given_as_numbers(params):
    names = tuple(str(100 + n) for n in range(ring_interactions.ITEMS))
    recommender = Recommender(MODEL, params, dataclasses.replace(ring_interactions.ring(), item_names=names))
    expected, *others = recommender([["103", "104"], [103, 104], np.array([103, 104]), ["103.0", 104.0]], top=4)
    for found in others:
        assert [each.item for each in found.items] == [each.item for each in expected.items]


@pytest.mark.parametrize("item", ["item 12", "12", 12, -1, "03"])
def test_unknown_items_are_an_error_or_named(params, item):
    recommender = Recommender(MODEL, params, unnamed())
    with pytest.raises(UserError, match=rf"does not know 1 of the items: '{item}'; its 12 items are '0', '1', '2' and"):
        recommender([[3], [item, 4]])
    known, partly, none = recommender([[4], [item, 4], [item]], top=3, on_unknown="ignore")
    assert [each.item for each in partly.items] == [each.item for each in known.items] and none.items == ()
    assert (known.unknown, partly.unknown, none.unknown) == ((), (str(item),), (str(item),))


@pytest.mark.parametrize("item", [True, 1.5, ""])
def test_items_of_other_kinds_are_rejected(params, item):
    with pytest.raises(UserError, match=r"item .*(is neither a name nor a whole number|is empty)"):
        Recommender(MODEL, params, unnamed())([[item]])


def test_a_string_is_rejected_as_a_history(params):
    with pytest.raises(ValueError, match="'item 3' is not a history; give a list of histories"):
        Recommender(MODEL, params, ring_interactions.ring())(["item 3"])


def test_scores_have_float32_precision(params):
    """Checks the requested precision in the lowered program, since only TPUs round products by default."""
    shape = jax.ShapeDtypeStruct((4, 6), jnp.int32)
    with jax.default_matmul_precision("bfloat16"):
        lowered = recommender._best.lower(MODEL, 5, params, shape, shape).as_text()
    (product,) = (
        line
        for line in lowered.splitlines()
        if f"tensor<4x{ring_interactions.ITEMS}xf32>" in line and "dot_general" in line
    )
    assert product.count("HIGHEST") == 2
