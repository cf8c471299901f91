"""The port table of MQSA-TED: TensorFlow's names in their order, a bijection with the model's own tree."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn
from safetensors.numpy import save_file

from timesuite_jax import param_tree as trees
from timesuite_jax.errors import UserError
from timesuite_jax.mqsa_ted import port_table
from timesuite_jax.mqsa_ted.model import Mqsa, MqsaSpec
from timesuite_jax.port import TreeSource, compare, export, load, open_checkpoint, open_layers
from timesuite_jax.registry.ports import PORTS

PORT = PORTS["mqsa_ted"]


def params_of(blocks: int, features: int = 0) -> dict:
    """Parameters of the model's shapes, with different values in every array."""
    spec = MqsaSpec(items=7, width=4, max_len=5, blocks=blocks, features=features)
    shapes = jax.eval_shape(Mqsa(spec).init, jax.random.key(0), jnp.zeros((1, 1), jnp.int32))["params"]
    rng = np.random.default_rng(0)
    return jax.tree.map(lambda x: rng.normal(size=x.shape).astype(np.float32), nn.meta.unbox(shapes))


def test_names_and_order_of_one_block():
    norm = [f"block_short_query/Variable{suffix}" for suffix in ("", "_1", "_2", "_3", "_4", "_5")]
    dense = [f"dense{suffix}/{part}" for suffix in ("", "_1", "_2", "_3", "_4") for part in ("kernel", "bias")]
    short = [*norm[:2], *dense[:6], *norm[2:4], *dense[6:], *norm[4:]]
    names = port_table.build(port_table.MqsaSizes(1)).torch_names
    assert names[:2] == ["item_embedding/item_embedding", "positional_embedding/position_embedding"]
    assert names[2 : 2 + len(short)] == short
    assert names[2 + len(short)] == "block_long_query/Variable"
    assert names[4 + len(short)] == "dense_5/kernel"


def test_the_shift_comes_before_the_scale_and_layers_are_counted_through_both_branches():
    entries = port_table.build(port_table.MqsaSizes(2)).entries
    places = {name: (entry.jax, entry.layer) for name, entry in entries.items()}
    assert places["block_long_query/Variable"] == ("long/blocks/query_norm/bias", 0)
    assert places["block_long_query/Variable_7"] == ("long/blocks/attention_norm/scale", 1)
    assert places["block_long_query/Variable_9"] == ("long/norm/scale", None)
    assert places["dense_7/kernel"] == ("short/blocks/value/kernel", 1)
    assert places["dense_19/bias"] == ("long/blocks/fc2/bias", 1)


@pytest.mark.parametrize(("blocks", "features"), [(1, 0), (2, 0), (3, 0), (1, 3)])
def test_the_model_s_own_tree_round_trips(blocks: int, features: int, tmp_path):
    params = params_of(blocks, features)
    source = TreeSource.of_params(PORT, params)
    export(source, tmp_path / "weights.safetensors")
    loaded = load(PORT, open_layers(PORT, [str(tmp_path / "weights.safetensors")]))
    back = dict(trees.leaves_with_paths(loaded.params))
    for path, leaf in trees.leaves_with_paths(params):
        assert back.pop(path).tobytes() == leaf.tobytes(), path
    assert not back
    assert compare(open_checkpoint(PORT, tmp_path / "weights.safetensors"), source).differences == []


def test_missing_and_mismatched_variables_are_reported(tmp_path):
    def refused(params: dict) -> str:
        tensors = port_table.build(port_table.MqsaSizes(1)).to_torch(params_of(1))
        tensors.update(params)
        tensors = {name: tensor for name, tensor in tensors.items() if tensor is not None}
        save_file(tensors, tmp_path / "bad.safetensors")
        with pytest.raises(UserError) as caught:
            load(PORT, open_layers(PORT, [str(tmp_path / "bad.safetensors")]))
        return str(caught.value)

    assert "not a complete MQSA-TED, dense/kernel is missing" in refused(dict.fromkeys(["dense/kernel"], None))
    assert "block_long_query/Variable_3" in refused({"block_long_query/Variable_3": None})
    message = refused({"item_trained": np.ones((7, 1), np.float32)})
    assert "feature_projection" in message and "item_features" in message and "item_trained" not in message
    assert "beta1_power" in refused({"beta1_power": np.ones(1, np.float32)})
