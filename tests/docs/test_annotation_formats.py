"""The table of annotation formats in docs/annotations.md lists what is read."""

import re

from tests.support.paths import ROOT
from timesuite_jax.data.sources import FORMAT_NAMES, FORMATS


def test_table():
    rows = re.findall(
        r"^\| `(\w+)` \|(.*)\|$", (ROOT / "docs/annotations.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    cells = {name: rest.split(" | ") for name, rest in rows if rest.count(" | ") == 4}
    assert tuple(cells) == FORMAT_NAMES
    for name, one in FORMATS.items():
        assert tuple(re.findall(r"`(\w+)`", cells[name][2])) == one.tasks
        if len(one.annotators) > 1:
            assert tuple(re.findall(r"`(majority|mean|first|each)`", cells[name][3])) == one.annotators
