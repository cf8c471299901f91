"""Import then export of the original's variables gives the same names in the same order, and the same bytes."""

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from safetensors.numpy import save_file

from tests.support.golden_case import GoldenCase
from timesuite_jax import param_tree
from timesuite_jax.mqsa_ted.model import Mqsa
from timesuite_jax.port import TreeSource, compare, export, load_into, open_checkpoint, open_layers
from timesuite_jax.registry.ports import PORTS

PORT = PORTS["mqsa_ted"]


def test_variables_are_in_the_order_of_their_creation(case: GoldenCase):
    declared = sorted(case.meta["variables"], key=lambda variable: variable["creation_index"])
    assert case.table.torch_names == [variable["name"] for variable in declared]
    gammas = {name for name, entry in case.table.entries.items() if entry.jax.endswith("/scale")}
    assert gammas == {variable["name"] for variable in declared if variable["gamma"]}


def test_import_then_export_gives_the_same_bytes(case: GoldenCase, tmp_path):
    variables = case.named("var")
    save_file(variables, tmp_path / "theirs.safetensors")
    init = jax.eval_shape(Mqsa(case.spec).init, jax.random.key(0), jnp.zeros((1, 1), jnp.int32))
    loaded = load_into(PORT, nn.meta.unbox(init["params"]), open_layers(PORT, [str(tmp_path / "theirs.safetensors")]))
    assert not loaded.report.expected_missing
    export(TreeSource.of_params(PORT, loaded.params), tmp_path / "back.safetensors")
    back = open_checkpoint(PORT, tmp_path / "back.safetensors")
    assert set(back.infos) == set(variables)
    assert compare(back, open_checkpoint(PORT, tmp_path / "theirs.safetensors")).differences == []
    for path, leaf in param_tree.leaves_with_paths(loaded.params):
        assert leaf.dtype == np.float32, path
