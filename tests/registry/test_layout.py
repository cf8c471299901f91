"""Inference uses the mesh of training where it fits, and copies the parameters otherwise."""

import jax
import numpy as np
import pytest
from flax import linen as nn

from timesuite_jax import parallel
from timesuite_jax.errors import UserError
from timesuite_jax.registry.layout import inference_layout


@pytest.mark.parametrize(("mesh", "fsdp"), [({"data": 2, "fsdp": -1}, 4), ({"data": 4, "fsdp": 16}, 1), ({}, 1)])
def test_the_mesh_of_training_is_used_if_it_fits_the_devices(mesh, fsdp):
    layout, _ = inference_layout({"training": {"mesh": mesh}}, {})
    assert dict(layout.shape) == {"replica": 1, "data": 8 // fsdp, "fsdp": fsdp, "tensor": 1}


def test_the_rules_of_training_are_used():
    config = {"training": {"mesh": {"data": 2, "fsdp": 4}, "rules": {"embed": None}}}
    assert inference_layout(config, {})[1]["embed"] == ()


def test_parameters_that_the_mesh_does_not_divide_are_replicated():
    uneven = {"kernel": nn.LogicallyPartitioned(jax.ShapeDtypeStruct((12, 4), np.float32), ("embed", "mlp"))}
    config = {"training": {"mesh": {"data": 1, "fsdp": -1}}}  # of 8 devices
    layout, rules = inference_layout(config, uneven)
    assert dict(layout.shape) == {"replica": 1, "data": 8, "fsdp": 1, "tensor": 1}
    assert parallel.abstract_arrays(uneven, layout, rules)["kernel"].sharding.is_fully_replicated


@pytest.mark.parametrize("part", [{"mesh": {"tenser": 2}}, {"rules": {"embd": None}}])
def test_unknown_axes_and_rules_are_rejected(part):
    with pytest.raises(UserError, match=r"tenser|embd"):
        inference_layout({"training": part}, {})
