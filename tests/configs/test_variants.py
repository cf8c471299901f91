"""Every variant of every shipped config can be loaded, and every key that a page of the docs overrides exists."""

import importlib.util
import re

import pytest

from tests.support.paths import CONFIGS, ROOT
from timesuite_jax.cli._configs import load_config

FILES = sorted(path for path in CONFIGS.rglob("*.py") if "get_config" in path.read_text())
FAMILIES = [path for path in FILES if path.parent.name != "mqsa_ted"]  # whose variants are words that are combined
_OVERRIDE = re.compile(r"--config\.([\w.]*\w)")


def variants(path):
    spec = importlib.util.spec_from_file_location("shipped", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, "VARIANTS", ())


@pytest.mark.parametrize("path", FAMILIES, ids=lambda path: path.stem)
def test_every_variant_is_loaded(path):
    """The default's name, too, with which a config is what it is without."""
    assert bool(variants(path)) == ("_variant(" in path.read_text())
    for variant in variants(path):
        load_config(f"{path}:{variant}")


def keys(value, prefix=""):
    for key, part in value.items():
        yield f"{prefix}{key}"
        if isinstance(part, dict):
            yield from keys(part, f"{prefix}{key}.")


def test_keys_that_the_docs_override_exist():
    known = {key for path in FILES for key in keys(load_config(str(path)).to_dict())}
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *FILES]
    named = {(key, page.name) for page in pages for key in _OVERRIDE.findall(page.read_text(encoding="utf-8"))}
    assert len(named) > 20
    assert not {(key, page) for key, page in named if key not in known and not key.isupper()}
