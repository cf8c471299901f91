"""The page of published benchmarks lists all of them."""

import re

from tests.support.paths import ROOT
from timesuite_jax.cli.evaluate import PUBLISHED

PAGE = (ROOT / "docs/benchmarks.md").read_text(encoding="utf-8")


def test_all_benchmarks_are_listed():
    assert set(re.findall(r"^\| `(\w+)` \| [^|]+ \| [^|]+ \|$", PAGE, re.MULTILINE)) == set(PUBLISHED)
