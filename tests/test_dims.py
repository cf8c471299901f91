"""Array annotations: public functions have shapes, and every dimension's letter is in the glossary of `dims.py`."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from timesuite_jax import dims

PACKAGE = ROOT / "timesuite_jax"
MODULES = sorted(PACKAGE.rglob("*.py"))
GLOSSARY = re.findall(r"^    (\w)  \S", dims.__doc__ or "", re.MULTILINE)
ARRAYS = ("Array", "jax.Array", "np.ndarray", "Array | np.ndarray")


def shapes(tree: ast.AST) -> Iterator[str]:
    """The shape strings of jaxtyping annotations: `Float[Array, "B S D"]`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple) and len(node.slice.elts) == 2:
            array, shape = node.slice.elts
            if ast.unparse(array) in ARRAYS and isinstance(shape, ast.Constant) and isinstance(shape.value, str):
                yield shape.value


def letters(shape: str) -> set[str]:
    """Dimensions that are a letter, with or without a suffix; words and numbers are not."""
    names = {name.lstrip("*#?") for name in shape.split()}
    return {name[0] for name in names if re.fullmatch(r"[A-Za-z](_\w+)?", name)}


def public_functions(node: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.FunctionDef]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef) and not re.match(r"_(?!_)", child.name):
            if isinstance(child, ast.FunctionDef):
                yield prefix + child.name, child
            else:
                yield from public_functions(child, f"{child.name}.")


def has_bare_array(annotation: ast.AST) -> bool:
    """Whether an array type is used outside of a jaxtyping annotation."""
    if isinstance(annotation, ast.Subscript) and isinstance(annotation.slice, ast.Tuple):
        first, last = annotation.slice.elts[0], annotation.slice.elts[-1]
        if ast.unparse(first) in ARRAYS and isinstance(last, ast.Constant) and isinstance(last.value, str):
            return False
    if isinstance(annotation, ast.Name | ast.Attribute) and ast.unparse(annotation) in ARRAYS:
        return True
    return any(has_bare_array(child) for child in ast.iter_child_nodes(annotation))


def test_a_letter_has_one_meaning():
    assert len(GLOSSARY) > 20 and len(set(GLOSSARY)) == len(GLOSSARY)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_letters_are_in_the_glossary(path: Path):
    used = {letter for shape in shapes(ast.parse(path.read_text(encoding="utf-8"))) for letter in letters(shape)}
    assert used <= set(GLOSSARY), f"{path}: add {sorted(used - set(GLOSSARY))} to timesuite_jax/dims.py, or use words"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_public_functions_have_shapes(path: Path):
    for name, function in public_functions(ast.parse(path.read_text(encoding="utf-8"))):
        arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        for annotation in [*(argument.annotation for argument in arguments), function.returns]:
            if annotation is not None:
                assert not has_bare_array(annotation), (
                    f"{path}: {name} has {ast.unparse(annotation)!r}; annotate the shape, such as Float[Array, 'B D']"
                )
