"""BEATs equals upstream's, post-norm and pre-norm, and its state dict survives import and export."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from einops import rearrange

from tests.support.beats import beats_params, beats_spec, beats_table
from tests.support.golden_folder import GoldenFolder, assert_output
from timesuite_jax.models.audio import Beats
from timesuite_jax.models.audio.relative_positions import relative_buckets


def test_buckets(golden_case):
    golden = golden_case("beats")
    config = golden.config["beats_config"]
    buckets = relative_buckets(201, config["num_buckets"], config["max_distance"])
    np.testing.assert_array_equal(buckets[100], golden.arrays["buckets"])


def complete(golden: GoldenFolder) -> GoldenFolder:
    """Skips where the repository has a part of the arrays only."""
    if "fbank_in" not in golden.arrays:
        pytest.skip(f"{golden.folder} has the filter banks only")
    return golden


@pytest.mark.parametrize("unroll", [False, True])
@pytest.mark.parametrize(("form", "name"), [("beats_config", "weights"), ("prenorm_config", "weights_prenorm")])
def test_tokens(golden_case, form, name, unroll):
    golden = complete(golden_case("beats"))
    spec = beats_spec(golden.config[form], unroll=unroll)
    params = beats_params(golden.weights(name), spec)
    apply = jax.jit(Beats(spec).apply)
    tokens = apply({"params": params}, golden.arrays["fbank_in"])
    expected = golden.arrays["out" if name == "weights" else "out_prenorm"]
    assert tokens.shape[1] == spec.tokens(*golden.arrays["fbank_in"].shape[1:])
    assert_output(tokens, expected)
    if name == "weights":
        for bins, tag in ((64, "out"), (128, "extract_features_128mel")):
            found = apply({"params": params}, golden.arrays[f"fbank{bins}.normalized"])
            assert_output(found, golden.arrays[f"end_to_end.{tag}"], tag)


def test_patches_and_relative_positions(golden_case):
    golden = complete(golden_case("beats"))
    spec = beats_spec(golden.config["beats_config"])
    params = beats_params(golden.weights("weights"), spec)
    _, captured = Beats(spec).apply(
        {"params": jax.tree.map(jnp.asarray, params)},
        jnp.asarray(golden.arrays["fbank_in"]),
        capture_intermediates=lambda module, _: module.name == "patch_embed",
    )
    patches = captured["intermediates"]["patch_embed"]["__call__"][0]
    assert_output(rearrange(patches, "n (T F) D -> n D T F", F=4), golden.arrays["patch"])
    length = golden.arrays["rel_bias"].shape[1]
    bias = params["relative_bias"][relative_buckets(length, spec.buckets, spec.max_distance)]
    assert_output(rearrange(bias, "q k h -> h q k"), golden.arrays["rel_bias"])


@pytest.mark.parametrize(("form", "name"), [("beats_config", "weights"), ("prenorm_config", "weights_prenorm")])
def test_import_and_export_give_the_same_bytes(golden_case, form, name):
    golden = golden_case("beats")
    state = golden.weights(name)
    spec = beats_spec(golden.config[form])
    table = beats_table(spec)
    exported = table.to_torch(table.to_tree(state))
    assert set(exported) == set(state)
    for key, tensor in state.items():
        assert exported[key].dtype == tensor.dtype and exported[key].tobytes() == tensor.tobytes(), key


def test_the_order_is_that_of_upstream(golden_case):
    golden = golden_case("stage2_audiovisual")
    spec = beats_spec(golden.config["beats_config"])
    prefix = "audio_encoder."
    order = [name for name in golden.config["param_order"] if name.startswith(prefix)]
    names = beats_table(spec, prefix).torch_names
    assert [name for name in names if name in set(order)] == order
    repeated = sorted(set(names) - set(order))
    assert repeated == [f"{prefix}encoder.layers.{n}.self_attn.relative_attention_bias.weight" for n in (1, 2)]
