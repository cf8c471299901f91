"""Specs say what is wrong with a config, by name."""

import dataclasses
import enum
from typing import Literal

import pytest
from ml_collections import ConfigDict

from timesuite_jax.config_spec import build, override
from timesuite_jax.errors import UserError


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
    ("config", "told"),
    [
        ({}, "outer.steps is missing"),
        ({"steps": 1, "iner": {}}, "outer.iner is unknown; did you mean 'inner'"),
        ({"steps": 1, "inner": {"widht": 3}}, "outer.inner.widht is unknown; did you mean 'width'"),
        ({"steps": 1.5}, "outer.steps=1.5 is no int"),
        ({"steps": True}, "outer.steps=True is no int"),
        ({"steps": float("inf")}, "outer.steps=inf is no finite number"),
        ({"steps": 1, "inner": {"rate": float("nan")}}, "outer.inner.rate=nan is no finite number"),
        ({"steps": 1, "on": "yes"}, "outer.on='yes' is no bool"),
        ({"steps": 1, "names": "x"}, "outer.names='x' is no tuple"),
        ({"steps": 1, "names": ("x", 3)}, "outer.names[1]=3 is no str"),
        ({"steps": 1, "colour": "blue"}, "outer.colour='blue' is unknown; choose one of ('red',)"),
        ({"steps": 1, "mode": "c"}, "outer.mode='c' is unknown; choose one of"),
    ],
)
def test_mistakes_are_named(config: dict, told: str):
    with pytest.raises(UserError) as caught:
        build(Outer, config, "outer")
    assert told in str(caught.value)
