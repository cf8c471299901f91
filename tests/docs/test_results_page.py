"""The page of results repeats what the pages that it links to have measured."""

import re

from tests.support.paths import ROOT

PAGE = (ROOT / "docs/results.md").read_text(encoding="utf-8")
NUMBER = re.compile(r"(?<![\w.])\d*\.\d+(?![\w.]*\d)")


def test_measured_numbers_are_those_of_the_linked_pages():
    rows = PAGE.split("## Measured here")[1].split("\n## ")[0].splitlines()
    checked = 0
    for row in (line for line in rows if line.startswith("| ") and "](" in line):
        what, result, where = row.strip("| ").split(" | ")
        page = re.search(r"\]\(([^)#]+)", where)
        assert page, row
        text = (ROOT / "docs" / page[1]).read_text(encoding="utf-8")
        known = {round(float(number), 2) for number in NUMBER.findall(text)} | set(map(float, NUMBER.findall(text)))
        for number in NUMBER.findall(result):
            assert float(number) in known, f"{number} of {what!r} is not in {page[1]}"
            checked += 1
    assert checked
