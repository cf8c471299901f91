"""Checks array arguments and results against their annotations, in every call of the package that a test makes.

Other annotations are left to pyright, which needs no call: tests pass stubs for data sets, tasks and writers, and wrong
types to test the errors.
"""

import functools
from collections.abc import Callable
from typing import Any, get_args

import jax
import jaxtyping
import numpy as np
from beartype import beartype


def install_shape_checks(package: str) -> None:
    """Checks the functions and dataclasses of a package that have array annotations; call it before the first import.

    The import hook decorates every function, and its decorator costs a signature binding and two generated functions
    in each call. Functions without array annotations, most of a package, stay as they are.
    """
    decorate = jaxtyping.jaxtyped

    def decorate_if_arrays(function: Any = None, *, typechecker: Callable[..., Any]) -> Any:
        if function is None:
            return functools.partial(decorate_if_arrays, typechecker=typechecker)
        return decorate(function, typechecker=typechecker) if _has_arrays(function) else function

    jaxtyping.jaxtyped = decorate_if_arrays  # the hook's generated code calls it by this name
    jaxtyping.install_import_hook(package, f"{check_shapes.__module__}.{check_shapes.__name__}")


def _has_arrays(function: Any) -> bool:
    """Whether a function has an argument or a result with arrays, or a class an `__init__` with such arguments."""
    annotated = function.__init__ if isinstance(function, type) else function
    return any(map(contains_array, getattr(annotated, "__annotations__", {}).values()))


def check_shapes(function: Callable[..., Any]) -> Callable[..., Any]:
    """Returns `function` with beartype's checks of those annotations that contain an array type.

    A type checker for `jaxtyping.install_import_hook`, which calls it with functions of the annotated signatures.
    """
    function.__annotations__ = {
        name: annotation for name, annotation in function.__annotations__.items() if contains_array(annotation)
    }
    if not function.__annotations__:
        return function
    checked = beartype(function)
    return _checked_init(function, checked) if function.__name__ == "__init__" else checked


def contains_array(annotation: Any) -> bool:
    """Whether an array type is in `annotation`, as itself or within a union, tuple, mapping, ..."""
    if isinstance(annotation, type) and issubclass(annotation, (jaxtyping.AbstractArray, jax.Array, np.ndarray)):
        return True
    return any(contains_array(part) for part in get_args(annotation))


def _checked_init(init: Callable[..., Any], checked: Callable[..., Any]) -> Callable[..., Any]:
    """Skips dataclasses that check their fields, and pytrees, which `jax.tree.map` fills with shardings or None."""

    @functools.wraps(init)
    def checked_init(self: Any, *args: Any, **kwargs: Any) -> Any:
        skipped = hasattr(self, "_flax_dataclass") or hasattr(self, "__post_init__")
        return (init if skipped else checked)(self, *args, **kwargs)

    return checked_init
