"""Specs are built from configs; errors name the key, the value and the remedy."""

import dataclasses
import enum
import json
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import jax.numpy as jnp
import numpy as np
import pytest
from ml_collections import ConfigDict

from timesuite_jax.config_spec import as_json, bounded, build, check_bounds, override
from timesuite_jax.errors import UserError
from timesuite_jax.models.text.mistral_spec import MistralSpec


class Colour(enum.StrEnum):
    RED = "red"


@dataclasses.dataclass(frozen=True)
class Inner:
    width: int = 4
    rate: float | None = 0.1


@dataclasses.dataclass(frozen=True)
class Outer:
    steps: int
    inner: Inner = Inner()
    extra: Inner | None = None
    names: tuple[str, ...] = ()
    mode: Literal["a", "b"] = "a"
    on: bool = True
    colour: Colour | None = None


@pytest.mark.parametrize("mapping", [dict, ConfigDict])
def test_build_nests_and_converts(mapping: type):
    config = mapping({"steps": 2e3, "inner": {"rate": 1}, "extra": {"width": 8}, "names": ("x",)})
    built = build(Outer, config, "outer")
    assert built == Outer(2000, Inner(rate=1.0), Inner(width=8), ("x",))


def test_enums_are_named_by_value():
    assert build(Outer, {"steps": 1, "colour": "red"}, "outer").colour is Colour.RED


def test_override_keeps_what_is_not_named():
    spec = Outer(1, Inner(width=8, rate=0.5))
    assert override(spec, {"inner": {"rate": None}}, "outer").inner == Inner(8, None)


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ({}, "outer.steps is missing"),
        ({"steps": 1, "iner": {}}, "outer.iner is unknown; did you mean 'inner'"),
        ({"steps": 1, "inner": {"widht": 3}}, "outer.inner.widht is unknown; did you mean 'width'"),
        ({"steps": 1.5}, "outer.steps=1.5 is not of type int"),
        ({"steps": True}, "outer.steps=True is not of type int"),
        ({"steps": float("inf")}, "outer.steps=inf is not a finite number"),
        ({"steps": 1, "inner": {"rate": float("nan")}}, "outer.inner.rate=nan is not a finite number"),
        ({"steps": 1, "on": "yes"}, "outer.on='yes' is not of type bool"),
        ({"steps": 1, "names": "x"}, "outer.names='x' is not of type tuple"),
        ({"steps": 1, "names": ("x", 3)}, "outer.names[1]=3 is not of type str"),
        ({"steps": 1, "colour": "blue"}, "outer.colour='blue' is unknown; choose one of 'red'"),
        ({"steps": 1, "mode": "c"}, "outer.mode='c' is unknown; choose one of"),
    ],
)
def test_errors_name_the_key(config: dict, problem: str):
    with pytest.raises(UserError) as caught:
        build(Outer, config, "outer")
    assert problem in str(caught.value)


@dataclasses.dataclass(frozen=True)
class Tower:
    kind: ClassVar[str] = "tower"
    width: int = bounded(4, minimum=1, maximum=8)


@dataclasses.dataclass(frozen=True)
class Pyramid:
    kind: Literal["pyramid"] = "pyramid"
    levels: int = 2
    rate: float | None = bounded(None, above=0, below=1)


@dataclasses.dataclass(frozen=True)
class Model:
    vision: Tower | Pyramid = Tower()
    text: Tower | Pyramid | None = None
    size: int | str = 1


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"kind": "pyramid", "levels": 3}, Pyramid(levels=3)),
        ({"kind": "tower"}, Tower()),
        ({"kind": "tower", "width": 2}, Tower(width=2)),
    ],
)
def test_kind_chooses_the_type_of_a_union(config: dict, expected: Tower | Pyramid):
    assert build(Model, {"text": config}, "model").text == expected
    assert override(Model(), {"vision": config}, "model").vision == expected


def test_an_override_without_kind_keeps_the_type_and_the_other_fields():
    model = Model(vision=Pyramid(levels=5))
    assert override(model, {"vision": {"rate": 0.5}}, "model").vision == Pyramid(levels=5, rate=0.5)
    assert override(model, {"vision": {"kind": "pyramid"}}, "model") == model
    assert override(model, {"vision": {"kind": "tower"}}, "model").vision == Tower()


def test_other_unions_take_the_first_type_that_accepts_the_value():
    assert build(Model, {"size": 2e1}, "model").size == 20
    assert build(Model, {"size": "large"}, "model").size == "large"


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ({"text": {"levels": 3}}, "model.text.kind is missing; choose one of 'tower', 'pyramid'"),
        ({"vision": {"kind": "tree"}}, "model.vision.kind='tree' is unknown; choose one of 'tower', 'pyramid'"),
        ({"vision": {"kind": "tower", "levels": 3}}, "model.vision.levels is unknown"),
        ({"vision": {"levels": 3}}, "model.vision.levels is unknown"),
        ({"vision": {"width": 0}}, "model.vision.width=0 must be at least 1"),
        ({"vision": {"width": 9}}, "model.vision.width=9 must be at most 8"),
        ({"text": {"kind": "pyramid", "rate": 0}}, "model.text.rate=0.0 must be above 0"),
        ({"text": {"kind": "pyramid", "rate": 1}}, "model.text.rate=1.0 must be below 1"),
        ({"size": 1.5}, "model.size=1.5 is not of type str"),
    ],
)
def test_errors_of_unions_and_bounds_name_the_key(config: dict, problem: str):
    with pytest.raises(UserError) as caught:
        override(Model(), config, "model")
    assert problem in str(caught.value)


def test_bounds_hold_for_direct_construction():
    @dataclasses.dataclass(frozen=True)
    class Sizes:
        rows: int = bounded(minimum=1)
        limit: int | None = bounded(None, minimum=1)

        def __post_init__(self) -> None:
            check_bounds(self)

    assert Sizes(1).limit is None
    with pytest.raises(UserError, match=r"Sizes\.rows=0 .*at least 1"):
        Sizes(0)


@dataclasses.dataclass(frozen=True)
class Everything:
    outer: Outer
    model: Model
    dtype: Any = np.float32
    rules: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def test_a_spec_becomes_json_and_back():
    outer = Outer(2, Inner(rate=None), Inner(width=8), ("x", "y"), "b", False, Colour.RED)
    spec = Everything(outer, Model(Pyramid(rate=0.5), Tower(2), "large"), "bfloat16", {"heads": ("tensor",)})
    config = json.loads(json.dumps(as_json(spec)))
    assert config["model"]["text"] == {"kind": "tower", "width": 2} and config["outer"]["colour"] == "red"
    rebuilt = build(Everything, {**config, "rules": spec.rules}, "config")
    assert rebuilt == spec and config["rules"] == {"heads": ["tensor"]}


def test_types_of_arrays_become_names():
    names = [as_json(Everything(Outer(1), Model(), dtype))["dtype"] for dtype in (np.float16, jnp.bfloat16)]
    assert names == ["float16", "bfloat16"]
    with pytest.raises(TypeError):
        as_json(Everything(Outer(1), Model(), object()))


def test_a_former_name_of_a_key_is_reported():
    with pytest.raises(UserError, match=r"mistral\.kernels is unknown; it is called 'weight_format' now"):
        override(MistralSpec.from_variant("debug"), {"kernels": "int8"}, "mistral")
