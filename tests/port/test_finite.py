"""Weights that are NaN or infinite are refused unless the user accepts them."""

import json

import jax
import ml_dtypes
import numpy as np
import pytest

from tests.support import tiny_checkpoint as tiny
from timesuite_jax import param_tree as trees
from timesuite_jax.cli.main import main
from timesuite_jax.errors import UserError
from timesuite_jax.port import WeightsSpec, load, open_layers
from timesuite_jax.port.finite import all_finite
from timesuite_jax.registry.ports import PORTS

PORT = PORTS["videochat_t"]
STACKED = "vision_encoder.encoder.blocks.1.mlp.fc1.weight"
TYPES = (np.float16, np.float32, np.float64, ml_dtypes.bfloat16, ml_dtypes.float8_e5m2)


@pytest.mark.parametrize("dtype", TYPES)
def test_every_type(dtype):
    largest = ml_dtypes.finfo(dtype).max
    values = np.array([[0.0, -1.0, 0.5], [largest, -largest, 2.0]]).astype(dtype)
    assert all_finite(values) and all_finite(values[:0]) and all_finite(values[:, ::2])
    for value in (np.nan, np.inf, -np.inf):
        other = values.copy()
        other[1, 2] = value
        assert not all_finite(other) and not all_finite(other[:, ::2]) and all_finite(other[:, :2])
    assert all_finite(np.array([1, 2])) and all_finite(np.array([True]))


@pytest.fixture(params=[np.nan, np.inf, -np.inf])
def damaged(request, tmp_path):
    arrays = tiny.tensors()
    for key in ("query_tokens", STACKED):
        arrays[key] = arrays[key].copy()
        arrays[key].flat[-1] = request.param
    return tiny.save(tmp_path / "damaged.safetensors", arrays)


def test_an_import_is_refused_unless_asked(damaged, tmp_path, capsys):
    out = tmp_path / "model"
    assert main(["port", "import", str(damaged), "--out", str(out)]) == 2
    err = capsys.readouterr().err
    assert (
        "NaN or infinite (2):" in err and "query_tokens in float32" in err and STACKED in err and "--allow-nan" in err
    )
    assert not out.exists()
    assert main(["port", "import", str(damaged), "--out", str(out), "--allow-nan"]) == 0
    assert "2 parameters with NaN or infinite values" in capsys.readouterr().out
    assert set(json.loads((out / "port.json").read_text())["not_finite"]) == {"query_tokens", STACKED}


def test_weights_of_a_config_are_refused_unless_asked(damaged):
    with pytest.raises(UserError, match=r"NaN or infinite \(2\)(?s:.*)weights\.allow_nan"):
        load(PORT, open_layers(PORT, [str(damaged)]))
    whole = PORT.table_for_torch({key: value.shape for key, value in tiny.tensors().items()}).to_tree(tiny.tensors())
    targets = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), whole)
    with pytest.raises(UserError, match="NaN or infinite"):
        WeightsSpec((str(damaged),)).load(PORT, targets)
    params = WeightsSpec((str(damaged),), allow_nan=True).load(PORT, targets)
    assert not all_finite(params["query_tokens"])


def test_a_cast_beyond_the_range_is_refused(tmp_path):
    arrays = tiny.tensors()
    arrays["query_tokens"] = arrays["query_tokens"] * np.float32(1e6)
    path = tiny.save(tmp_path / "large.safetensors", arrays)
    whole = PORT.table_for_torch({key: value.shape for key, value in arrays.items()}).to_tree(arrays)
    targets = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, np.float16), whole)
    with pytest.raises(UserError, match="query_tokens in float16"):
        WeightsSpec((str(path),)).load(PORT, targets)
    assert {leaf.dtype for _, leaf in trees.leaves_with_paths(load(PORT, open_layers(PORT, [str(path)])).params)}
