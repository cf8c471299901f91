"""Both spellings of peft."""

from timesuite_jax.port.tables.lora import canonical_key, linear, peft_alias

ADAPTED = "model.layers.0.self_attn.q_proj.weight"
ALIAS = "model.layers.0.self_attn.q_proj.base_layer.weight"


def test_both_spellings_are_read():
    assert canonical_key(ALIAS) == canonical_key(ADAPTED) == ADAPTED


def test_only_adapted_weights_have_an_alias():
    adapted = linear("model.layers.0.self_attn.q_proj", "q", "out in", rank="rank")
    keys = {entry.torch for entry in [*adapted, *linear("lm_head", "head", "out in", rank=None)]}
    assert peft_alias(ADAPTED, keys) == ALIAS
    for key in keys - {ADAPTED}:
        assert peft_alias(key, keys) == key
